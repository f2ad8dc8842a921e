using System.Buffers.Binary;
using Checkpointing.KeyGroups;
using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Flink;

/// <summary>Reads the fields of Flink's formats, big-endian.</summary>
internal ref struct FlinkInput(MetadataInput bytes, int version)
{
    private MetadataInput _bytes = bytes;
    private List<FlinkSpellings.Spelling>? _spellings;

    /// <summary>Version of the file.</summary>
    internal readonly int Version => version;

    internal readonly int Position => _bytes.Position;

    /// <summary>Texts read so far that were not spelled as Java writes them; null if there was none.</summary>
    internal readonly FlinkSpellings? Spellings => _spellings is null ? null : new(_spellings);

    internal byte ReadByte(string what) => _bytes.Take(1, what)[0];

    internal int ReadInt32(string what) => BinaryPrimitives.ReadInt32BigEndian(_bytes.Take(sizeof(int), what));

    internal long ReadInt64(string what) => BinaryPrimitives.ReadInt64BigEndian(_bytes.Take(sizeof(long), what));

    internal OperatorId ReadOperatorId() => OperatorId.Read(_bytes.Take(OperatorId.Size, "an operator id"));

    /// <summary>A count of entries, checked against what is left.</summary>
    internal int ReadCount(int smallestEntryBytes, string what)
    {
        var offset = Position;
        return _bytes.CheckCount(ReadInt32(what), offset, smallestEntryBytes, what);
    }

    /// <summary>Bytes with their length before them.</summary>
    internal ValueList<byte> ReadBlob(string what) => _bytes.TakeCopy(ReadInt32(what), what);

    /// <summary>A number that says whether something follows: 0 or 1.</summary>
    internal bool ReadFlag(string what) => ReadFixed(0, 1, what) == 1;

    /// <summary>A number that has one value in every file that Flink wrote.</summary>
    internal void Expect(int value, string what) => ReadFixed(value, value, what);

    /// <summary>A text in modified UTF-8 with its length in bytes before it.</summary>
    internal string ReadText(string what)
    {
        var length = BinaryPrimitives.ReadUInt16BigEndian(_bytes.Take(sizeof(ushort), what));
        var start = Position;
        var source = _bytes.Take(length, what);
        var text = ModifiedUtf8.Decode(source, out var isUsual, out var badOffset)
            ?? throw Corrupt(start + badOffset, $"{what} in Java's modified UTF-8", $"byte 0x{source[badOffset]:x2}");
        if (!isUsual)
        {
            (_spellings ??= []).Add(new(text, MetadataInput.Own(source.ToArray())));
        }

        return text;
    }

    /// <summary>Whether a text that was read last was not spelled as Java writes it.</summary>
    internal readonly bool IsOdd(string text) => _spellings is [.., var last] && ReferenceEquals(last.Text, text);

    internal KeyGroupRange ReadRange()
    {
        var offset = Position;
        var first = ReadInt32("the first key group");
        var count = ReadInt32("the number of key groups");
        if (count < 0 || first < 0 || (long)first + count > KeyGroupAssignment.MaxParallelismLimit)
        {
            throw Corrupt(
                offset,
                $"a range of key groups from 0 to {KeyGroupAssignment.MaxParallelismLimit - 1}",
                $"{count} from {first}");
        }

        return new(first, first + count - 1);
    }

    internal ValueList<long> ReadOffsets(int count)
    {
        if (count == 0)
        {
            return default;
        }

        var bytes = _bytes.Take(count * sizeof(long), "offsets");
        var offsets = new long[count];
        for (var i = 0; i < count; i++)
        {
            offsets[i] = BinaryPrimitives.ReadInt64BigEndian(bytes[(i * sizeof(long))..]);
        }

        return MetadataInput.Own(offsets);
    }

    internal readonly void ExpectEnd(string what) => _bytes.ExpectEnd(what);

    /// <summary>Makes the exception for damage at an offset.</summary>
    internal readonly CheckpointCorruptException Corrupt(long offset, string expected, string actual) =>
        _bytes.Corrupt(offset, expected, actual);

    /// <summary>Makes the exception for the tag of a handle: one that Flink has but this version's files do not, or
    /// none at all.</summary>
    /// <param name="tag">The tag; the byte before <see cref="Position"/>.</param>
    /// <param name="isFlinks">Whether some version of Flink writes it.</param>
    /// <param name="what">Kind of handle.</param>
    /// <param name="supported">The tags that are read.</param>
    internal readonly CheckpointingException UnknownTag(byte tag, bool isFlinks, string what, string supported) =>
        isFlinks
        ? new UnsupportedFormatException(
            _bytes.Path, $"{what} with tag {tag} at byte {Position - 1}", $"tags {supported} in version {Version}")
        : Corrupt(Position - 1, $"{what} with tag {supported}", $"tag {tag}");

    private int ReadFixed(int first, int last, string what)
    {
        var offset = Position;
        var value = ReadInt32(what);
        return value >= first && value <= last
            ? value
            : throw Corrupt(offset, first == last ? $"{first} for {what}" : $"0 or 1 for {what}", $"{value}");
    }
}
