using System.Buffers.Binary;
using Checkpointing.KeyGroups;
using Checkpointing.Metadata.Flink.Properties;
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

    /// <summary>Whether handles may have the tags that came after version 2.</summary>
    internal readonly bool HasLaterTags => version > (int)MetadataFormat.FlinkV2;

    /// <summary>Whether a changelog was met under a tag that Flink 1.14 wrote in another layout.</summary>
    internal bool HasChangelog { get; private set; }

    /// <summary>Texts read so far that were not spelled as Java writes them; null if there was none.</summary>
    internal readonly FlinkSpellings? Spellings => _spellings is null ? null : new(_spellings);

    /// <summary>Begins behind the header of a file.</summary>
    internal static FlinkInput Open(ReadOnlySpan<byte> source, int start, int version, string path)
    {
        var bytes = new MetadataInput(source, path);
        _ = bytes.Take(start, "the header");
        return new(bytes, version);
    }

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

    /// <summary>A count of entries, or a number that stands for something else.</summary>
    internal int ReadCountOr(int special, int smallestEntryBytes, string what)
    {
        var offset = Position;
        var count = ReadInt32($"the number of {what}");
        return count == special ? special : _bytes.CheckCount(count, offset, smallestEntryBytes, what);
    }

    internal CheckpointId ReadCheckpointId()
    {
        var offset = Position;
        var id = ReadInt64("the checkpoint's id");
        return id >= 0 ? new(id) : throw Corrupt(offset, "a checkpoint's id from 0", $"{id}");
    }

    /// <summary>Parallelism and max parallelism.</summary>
    internal (int Parallelism, int MaxParallelism) ReadParallelism(out int offset)
    {
        offset = Position;
        var parallelism = ReadInt32("the parallelism");
        var maxParallelism = ReadInt32("the max parallelism");
        return MetadataRules.ProblemWithParallelism(parallelism, maxParallelism) is { } problem
            ? throw Corrupt(offset, "parallelism and max parallelism", problem)
            : (parallelism, maxParallelism);
    }

    /// <summary>Checks that each subtask is one of the operator and there once.</summary>
    internal readonly void CheckSubtasks(ReadOnlySpan<SubtaskCheckpoint> subtasks, int parallelism, int offset)
    {
        if (MetadataRules.FindBadSubtask(subtasks, parallelism) is { } bad)
        {
            throw Corrupt(offset, $"each subtask from 0 to {parallelism - 1} at most once", bad);
        }
    }

    /// <summary>Bytes with their length before them.</summary>
    internal ValueList<byte> ReadBlob(string what) => _bytes.TakeCopy(ReadInt32(what), what);

    /// <summary>A number that says whether something follows: 0 or 1.</summary>
    internal bool ReadFlag(string what) => ReadFixed(0, 1, what) == 1;

    /// <summary>A number that has one value in every file that Flink wrote.</summary>
    internal void Expect(int value, string what) => ReadFixed(value, value, what);

    /// <summary>A number that has one value in every file that Flink wrote.</summary>
    internal void Expect(long value, string what)
    {
        var offset = Position;
        var actual = ReadInt64(what);
        if (actual != value)
        {
            throw Corrupt(offset, $"{value} for {what}", $"{actual}");
        }
    }

    /// <summary>A text whose absence is written as an empty one.</summary>
    internal string? ReadNullableText(string what) => ReadText(what) is { Length: > 0 } text ? text : null;

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

    /// <summary>A text that must not be empty.</summary>
    internal string ReadFullText(string what)
    {
        var offset = Position;
        var text = ReadText(what);
        return text.Length != 0 ? text : throw Corrupt(offset, what, "an empty one");
    }

    /// <summary>One byte that says yes or no: 1 or 0.</summary>
    internal bool ReadBoolean(string what)
    {
        var value = ReadByte(what);
        return value <= 1 ? value == 1 : throw Corrupt(Position - 1, $"0 or 1 for {what}", $"{value}");
    }

    /// <summary>Remembers that a changelog was met under a tag that Flink 1.14 wrote in another layout.</summary>
    internal void NoteChangelog() => HasChangelog = true;

    /// <summary>Refuses handles that hold each other too deep.</summary>
    internal readonly void CheckDepth(int depth, string what)
    {
        if (depth >= MetadataInput.MaxDepth)
        {
            throw Corrupt(Position - 1, $"{what} at most {MetadataInput.MaxDepth} deep", "a deeper one");
        }
    }

    /// <summary>All that follows the last field of version 3 in version 4 and later.</summary>
    internal FlinkProperties? ReadProperties() => FlinkPropertiesSerializer.Read(ref _bytes);

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
