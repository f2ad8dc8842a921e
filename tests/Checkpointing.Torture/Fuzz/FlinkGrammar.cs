using System.Text;

namespace Checkpointing.Torture.Fuzz;

/// <summary>Makes well-formed files of Flink's versions 1 to 7 by the rules of the format, and not with the code that
/// is tested. Its fields are known, so a mutator can lie in each.</summary>
internal sealed class FlinkGrammar
{
    private const uint Magic = 0x4960672D;
    private const uint HookMagic = 0xC96B1696;

    // Deeper than readers go, but not in every file; and as deep as would take any stack.
    private const int DeepestNesting = 24;
    private const int StackBreakingNesting = 60_000;

    private static readonly byte[][] s_oddTexts =
    [
        [0], [0xC0, 0x80], [0xC1, 0x81], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80], [0xED, 0xB8, 0x80],
        [0xC3, 0xA9], [0xE2, 0x82, 0xAC], [0x7F],
    ];

    private static readonly byte[][] s_badTexts =
        [[0x80], [0xFF], [0xF0, 0x9F, 0x98, 0x80], [0xE2, 0x82], [0xC3], [0xC3, 0x41], [0xED, 0xA0]];

    private readonly FuzzRandom _random;
    private readonly FieldWriter _out = new();
    private readonly int _version;
    private readonly bool _hasBadTexts;
    private bool _chain;

    private FlinkGrammar(FuzzRandom random, int version)
    {
        _random = random;
        _version = version;
        _hasBadTexts = random.OneIn(20);
    }

    private bool HasLaterTags => _version > 2;

    /// <summary>A file of a version; now and then with one text that is no text.</summary>
    internal static FieldWriter Generate(FuzzRandom random, int version)
    {
        var grammar = new FlinkGrammar(random, version);
        grammar.WriteFile();
        return grammar._out;
    }

    private void WriteFile()
    {
        _out.Int32(unchecked((int)Magic));
        _out.Int32(_version, FieldKind.Version);
        _out.Int64(_random.OneIn(4) ? _random.Boundary() & long.MaxValue : _random.Below(100));
        if (_version >= 2)
        {
            Repeat(_random.OneIn(3) ? 2 : 0, WriteHook);
        }

        Repeat(2, WriteOperator);
        if (_version >= 4)
        {
            JavaGrammar.Write(_out, _random);
        }
    }

    private void WriteHook()
    {
        _out.Int32(unchecked((int)HookMagic));
        var lengthAt = _out.Length;
        _out.Int32(0, FieldKind.Length);
        _out.Int32(_random.Between(-1, 3));
        Text();
        Blob();
        _out.Patch(lengthAt, _out.Length - lengthAt - sizeof(int));
    }

    private void WriteOperator()
    {
        if (_version >= 5)
        {
            Text();
            Text();
        }

        _out.Raw(_random.Bytes(16));
        var parallelism = _random.Between(1, 6);
        _out.Int32(parallelism);
        _out.Int32(_random.Between(parallelism, 128));
        var isFinished = _version >= 3 && _random.OneIn(8);
        if (_version < 3)
        {
            _out.Int32(_version == 1 ? _random.Between(1, 4) : 1);
        }
        else if (isFinished || _random.OneIn(2))
        {
            _out.Byte(0, FieldKind.Tag);
        }
        else
        {
            InlineBytes();
        }

        if (isFinished)
        {
            _out.Int32(-1, FieldKind.Count);
            return;
        }

        var index = 0;
        Repeat(Math.Min(parallelism, 3), () => WriteSubtask(index++));
    }

    private void WriteSubtask(int index)
    {
        if (_version >= 3 && _random.OneIn(8))
        {
            _out.Int32(~index);
            return;
        }

        _out.Int32(index);
        if (_version < 3)
        {
            _out.Int64(-1);
        }

        if (_version == 1)
        {
            Repeat(3, () => Stream(0, mayBeAbsent: true));
            Repeat(2, () => OperatorState(mayBeAbsent: true));
            Repeat(2, () => OperatorState(mayBeAbsent: true));
        }
        else
        {
            if (_version == 2)
            {
                Flagged(() => Stream(0, mayBeAbsent: true));
            }

            Flagged(() => OperatorState(mayBeAbsent: false));
            Flagged(() => OperatorState(mayBeAbsent: false));
        }

        Keyed(0);
        Keyed(0);
        if (_version >= 3)
        {
            Repeat(_random.OneIn(3) ? 2 : 0, () => Channel(isInput: true));
            Repeat(_random.OneIn(3) ? 2 : 0, () => Channel(isInput: false));
        }

        if (_version >= 7)
        {
            var refers = _random.OneIn(3);
            _out.Byte(refers ? 1 : 0, FieldKind.Tag);
            if (refers)
            {
                _out.Int64(_random.Below(100));
            }
        }
    }

    private void Keyed(int depth)
    {
        var tag = _random.OneIn(3) ? 0 : HasLaterTags
            ? _random.Pick([3, 5, 7, 8, 9, 10, 11, 12, 13, 14])
            : _random.Pick([3, 5]);
        KeyedWithTag(tag, depth);
    }

    private void KeyedWithTag(int tag, int depth)
    {
        _out.Byte(tag, FieldKind.Tag);
        switch (tag)
        {
            case 0:
                break;
            case 3 or 7 or 12:
                KeyGroups(depth);
                if (tag == 12)
                {
                    Text();
                }

                break;
            case 5 or 11:
                Incremental(hasId: tag == 11);
                break;
            case 9:
                Range();
                _out.Int64(_random.Below(9));
                _out.Int64(_random.Below(99));
                Repeat(3, () =>
                {
                    _out.Int32(_random.Between(-1, 9));
                    Blob();
                });
                Text();
                break;
            case 10 or 13:
                ChangelogFiles(hasStorage: tag == 13);
                break;
            default:
                Changelog(hasCheckpoint: tag == 14, depth);
                break;
        }
    }

    private void Incremental(bool hasId)
    {
        _out.Int64(_random.Below(50));
        if (_random.OneIn(3))
        {
            Text();
        }
        else
        {
            BackendId();
        }

        Range();
        if (hasId)
        {
            _out.Int64(_random.Boundary());
        }

        Stream(0, mayBeAbsent: true);
        Repeat(3, WriteFileOfState);
        Repeat(2, WriteFileOfState);
        if (hasId)
        {
            Text();
        }
    }

    // Lower case as a rule; or upper case; or with a byte spelled as two, which Java reads as the same id.
    private void BackendId()
    {
        var id = new Guid(_random.Bytes(16)).ToString("D");
        var bytes = Encoding.ASCII.GetBytes(_random.OneIn(4) ? id.ToUpperInvariant() : id);
        var at = _random.Below(bytes.Length);
        if (_random.OneIn(8))
        {
            // What some readers of numbers take for a digit or skip.
            bytes[_random.Pick([0, 1, 9, 14, 19, 24, at])] = _random.Pick<byte>([.. "+-xX {0"u8]);
        }

        byte[] spelled = [(byte)(0xC0 | (bytes[at] >> 6)), (byte)(0x80 | (bytes[at] & 0x3F))];
        _out.Text(_random.OneIn(4) ? [.. bytes[..at], .. spelled, .. bytes[(at + 1)..]] : bytes);
    }

    private void WriteFileOfState()
    {
        Text();
        Stream(0, mayBeAbsent: true);
    }

    private void ChangelogFiles(bool hasStorage)
    {
        Range();
        Repeat(3, () =>
        {
            _out.Int64(_random.Below(99));
            Stream(0, mayBeAbsent: false);
        });
        _out.Int64(_random.Boundary());
        _out.Int64(_random.Boundary());
        Text();
        if (hasStorage)
        {
            Text();
        }
    }

    private void Changelog(bool hasCheckpoint, int depth)
    {
        // One in many is a chain of changelogs, each inside the one before, down to where readers refuse.
        var isChain = depth is > 0 and < DeepestNesting ? _chain : _random.OneIn(10);
        _chain = isChain && depth < DeepestNesting;
        Range();
        _out.Int64(_random.Below(999));
        if (_chain)
        {
            _out.Int32(1, FieldKind.Count);
            KeyedWithTag(_random.Pick([8, 14]), depth + 1);
            _chain = false;
        }
        else
        {
            Repeat(depth == 0 ? 2 : 0, () => KeyedWithTag(_random.Pick([3, 9, 11, 12, 13, 14]), depth + 1));
        }

        Repeat(depth == 0 ? 2 : 0, () => KeyedWithTag(_random.Pick([9, 13]), depth + 1));
        _out.Int64(_random.Below(99));
        if (hasCheckpoint)
        {
            _out.Int64(_random.Below(99));
        }

        Text();
    }

    private void KeyGroups(int depth)
    {
        var count = Range();
        for (var i = 0; i < count; i++)
        {
            _out.Int64(_random.Below(1000));
        }

        Stream(depth, mayBeAbsent: false);
    }

    private void Stream(int depth, bool mayBeAbsent)
    {
        var tag = mayBeAbsent && _random.OneIn(4) ? 0
            : _random.OneIn(depth == 0 ? 12 : 30) ? 3
            : HasLaterTags ? _random.Pick([1, 2, 2, 6, 15, 16])
            : _random.Pick([1, 2, 2]);
        if (tag == 3 && _random.OneIn(4))
        {
            // A chain of key groups, each where the stream of the one before belongs.
            var links = _random.OneIn(500) ? StackBreakingNesting : _random.Between(1, DeepestNesting);
            for (; links > 0; links--)
            {
                _out.Byte(3, FieldKind.Tag);
                _out.Int32(0);
                _out.Int32(0, FieldKind.Count);
            }

            tag = 2;
        }

        _out.Byte(tag, FieldKind.Tag);
        switch (tag)
        {
            case 1:
                Text();
                Blob();
                break;
            case 2:
                _out.Int64(_random.Boundary());
                Path();
                break;
            case 3:
                KeyGroups(depth + 1);
                break;
            case 6:
                Path();
                _out.Int64(_random.Boundary());
                break;
            case 15:
                _out.Int64(_random.Below(999));
                _out.Int64(_random.Below(999));
                _out.Int32(_random.Below(2), FieldKind.Tag);
                Path();
                Text();
                break;
        }
    }

    private void OperatorState(bool mayBeAbsent)
    {
        var isMerged = _version > 2 && _random.OneIn(4);
        var tag = mayBeAbsent && _random.OneIn(2) ? 0 : isMerged ? 17 : 4;
        _out.Byte(tag, FieldKind.Tag);
        if (tag == 0)
        {
            return;
        }

        Repeat(3, () =>
        {
            Text();
            _out.Byte(_random.Below(3), FieldKind.Tag);
            Repeat(3, () => _out.Int64(_random.Below(500)));
        });
        if (isMerged)
        {
            Text();
            Text();
            _out.Byte(_random.Below(2), FieldKind.Tag);
            _out.Byte(16, FieldKind.Tag);
        }
        else
        {
            Stream(0, mayBeAbsent: false);
        }
    }

    private void Channel(bool isInput)
    {
        var isMerged = _version >= 6 && _random.OneIn(2);
        if (_version >= 6)
        {
            _out.Byte((isInput ? 1 : 2) + (isMerged ? 2 : 0), FieldKind.Tag);
        }

        _out.Int32(_random.Below(9));
        if (isMerged)
        {
            _out.Int64(_random.Below(999));
            Stream(0, mayBeAbsent: false);
            _out.Int32(4, FieldKind.Length);
            _out.Int32(0, FieldKind.Count);
            return;
        }

        _out.Int32(_random.Below(9));
        _out.Int32(_random.Below(9));
        Repeat(3, () => _out.Int64(_random.Below(999)));
        _out.Int64(_random.Below(999));
        Stream(0, mayBeAbsent: false);
    }

    private void InlineBytes()
    {
        _out.Byte(1, FieldKind.Tag);
        Text();
        Blob();
    }

    private int Range()
    {
        var count = _random.Pick([0, 1, 2, 8]);
        _out.Int32(count == 0 && _random.OneIn(2) ? 0 : _random.Pick([0, 1, 64, 32_760]));
        _out.Int32(count, FieldKind.Count);
        return count;
    }

    private void Flagged(Action write)
    {
        var isThere = _random.OneIn(2);
        _out.Int32(isThere ? 1 : 0, FieldKind.Count);
        if (isThere)
        {
            write();
        }
    }

    private void Repeat(int most, Action write)
    {
        var count = _random.Between(0, most);
        _out.Int32(count, FieldKind.Count);
        for (var i = 0; i < count; i++)
        {
            write();
        }
    }

    private void Blob() => _out.Blob(_random.Bytes(_random.Pick([0, 1, 5])));

    private void Path() => _out.Text([.. "file:/x/"u8, .. TextBytes()]);

    private void Text() => _out.Text(TextBytes());

    private byte[] TextBytes()
    {
        byte[] plain = [.. "state-of-the-operator"u8[.._random.Below(22)]];
        return _random.OneIn(12) ? [.. plain, .. _random.Pick<byte[]>(s_oddTexts), .. plain]
            : _hasBadTexts && _random.OneIn(12) ? [.. plain, .. _random.Pick<byte[]>(s_badTexts)]
            : plain;
    }
}
