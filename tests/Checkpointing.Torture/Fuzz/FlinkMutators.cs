using System.Buffers.Binary;

namespace Checkpointing.Torture.Fuzz;

/// <summary>Mutators that know where the fields of Flink's formats are.</summary>
internal static class FlinkMutators
{
    private const int FirstBodyByte = 2 * sizeof(int);

    /// <summary>A file made by the rules, with none to four fields that lie.</summary>
    internal static byte[] Lie(FuzzRandom random, FuzzCorpus corpus)
    {
        var file = FlinkGrammar.Generate(random, random.Between(1, 7));
        var bytes = file.ToArray();
        for (var lies = random.Between(0, 4); lies > 0; lies--)
        {
            LieIn(bytes, random.Pick<Field>([.. file.Fields]), file.Fields, random);
        }

        return bytes;
    }

    /// <summary>A file made by the rules, cut, extended, or with a field too many or too few.</summary>
    internal static byte[] ShiftFields(FuzzRandom random, FuzzCorpus corpus)
    {
        var file = FlinkGrammar.Generate(random, random.Between(1, 7));
        var bytes = file.ToArray();
        var field = random.Pick<Field>([.. file.Fields]);
        var end = field.Offset + field.Size;
        return random.Below(4) switch
        {
            0 => bytes[..field.Offset],
            1 => [.. bytes[..field.Offset], .. bytes[end..]],
            2 => [.. bytes[..end], .. bytes[field.Offset..end], .. bytes[end..]],
            _ => [.. bytes, .. random.Bytes(random.Between(1, 20))],
        };
    }

    /// <summary>The body of one version under the number of another.</summary>
    internal static byte[] ChangeVersion(FuzzRandom random, FuzzCorpus corpus)
    {
        var bytes = random.OneIn(2)
            ? FlinkGrammar.Generate(random, random.Between(1, 7)).ToArray()
            : (byte[])random.Pick<FuzzSeed>(corpus.Seeds).Bytes.Clone();
        var version = random.OneIn(8) ? (int)random.Boundary() : random.Pick([0, 1, 2, 3, 4, 5, 6, 7, 8, 1001, 1002]);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(sizeof(int)), version);
        return bytes;
    }

    /// <summary>A number of a real or made file that looks like a count, a length or a tag, set to a bound.</summary>
    internal static byte[] BoundaryNumbers(FuzzRandom random, FuzzCorpus corpus)
    {
        var bytes = (byte[])random.Pick<FuzzSeed>(corpus.Flink).Bytes.Clone();
        for (var changes = random.Between(1, 3); changes > 0; changes--)
        {
            var at = FindNumber(bytes, random);
            switch (random.Below(4))
            {
                case 0 when at + sizeof(int) <= bytes.Length:
                    BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(at), (int)random.Boundary());
                    break;
                case 1 when at + sizeof(int) <= bytes.Length:
                    // As many as could just be there, if entries were of the least size, or one more.
                    var most = (bytes.Length - at) / random.Pick([1, 2, 3, 7, 8, 12, 16, 22]);
                    BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(at), most + random.Between(-1, 1));
                    break;
                case 2 when at + sizeof(ushort) <= bytes.Length:
                    BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(at), (ushort)random.Boundary());
                    break;
                default:
                    bytes[at] = (byte)random.Below(19);
                    break;
            }
        }

        return bytes;
    }

    /// <summary>A made part in a real file, or the other way round, from one field's start to another's.</summary>
    internal static byte[] SpliceFields(FuzzRandom random, FuzzCorpus corpus)
    {
        var version = random.Between(1, 7);
        var first = FlinkGrammar.Generate(random, version);
        var second = FlinkGrammar.Generate(random, random.OneIn(3) ? random.Between(1, 7) : version);
        var from = random.Pick<Field>([.. first.Fields]).Offset;
        var same = second.Fields.Where(field => field.Offset >= FirstBodyByte).ToArray();
        var to = random.Pick<Field>(same).Offset;
        return [.. first.ToArray().AsSpan(0, from), .. second.ToArray().AsSpan(to)];
    }

    /// <summary>A count that is as large as what follows could just hold, and that much of one thing behind
    /// it.</summary>
    internal static byte[] Flood(FuzzRandom random, FuzzCorpus corpus)
    {
        var file = FlinkGrammar.Generate(random, random.Between(1, 7));
        var bytes = file.ToArray();
        var count = random.Pick<Field>([.. file.Fields.Where(static field => field.Kind == FieldKind.Count)]);
        var start = count.Offset + count.Size;

        // One entry, if the count was at least one; or zeros; or anything.
        var unit = random.Below(3) switch
        {
            0 => bytes[start..Math.Min(start + random.Between(1, 40), bytes.Length)],
            1 => new byte[1],
            _ => random.Bytes(random.Between(1, 8)),
        };
        var flood = BlindMutators.Repeat(unit, random);
        byte[] result = [.. bytes[..start], .. flood, .. bytes[start..]];
        var entryBytes = random.Pick([1, 2, 3, 4, 7, 8, 9, 12, 13, 16, 22, 26, 32]);
        WriteNumber(result.AsSpan(count.Offset, count.Size), flood.Length / entryBytes);
        return result;
    }

    // Zeros after which something follows begin most counts and lengths.
    private static int FindNumber(byte[] bytes, FuzzRandom random)
    {
        var from = random.Between(Math.Min(FirstBodyByte, bytes.Length - 1), bytes.Length - 1);
        var zeros = bytes.AsSpan(from).IndexOf((byte)0);
        return zeros < 0 ? from : from + zeros;
    }

    private static void LieIn(byte[] bytes, Field field, List<Field> fields, FuzzRandom random)
    {
        var target = bytes.AsSpan(field.Offset, field.Size);
        switch (field.Kind)
        {
            case FieldKind.Text:
                if (!target.IsEmpty)
                {
                    target[random.Below(target.Length)] =
                        random.Pick<byte>([0, 0x80, 0xC0, 0xC3, 0xE0, 0xED, 0xF0, 0xFF]);
                }

                break;
            case FieldKind.Tag when random.OneIn(2):
                var other = fields.Where(static one => one.Kind == FieldKind.Tag).ToArray();
                target[0] = bytes[random.Pick<Field>(other).Offset];
                break;
            case FieldKind.Tag:
                target[^1] = (byte)random.Below(19);
                break;
            case FieldKind.Version:
                target[^1] = (byte)random.Between(0, 8);
                break;
            default:
                WriteNumber(target, LieAbout(target, bytes.Length - field.Offset, field.Kind, random));
                break;
        }
    }

    private static long LieAbout(ReadOnlySpan<byte> target, int left, FieldKind kind, FuzzRandom random)
    {
        long value = 0;
        foreach (var one in target)
        {
            value = (value << 8) | one;
        }

        return kind == FieldKind.Number || random.OneIn(3) ? random.Boundary()
            : random.OneIn(2) ? value + random.Between(-2, 2)
            : (left / random.Pick([1, 2, 8, 16])) + random.Between(-1, 1);
    }

    private static void WriteNumber(Span<byte> target, long value)
    {
        for (var i = target.Length - 1; i >= 0; i--)
        {
            target[i] = (byte)value;
            value >>= 8;
        }
    }
}
