using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Checkpointing.KeyGroups;
using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Flink;

/// <summary>Writes the fields of Flink's formats, big-endian.</summary>
internal sealed class FlinkOutput(MetadataOutput bytes, int version, FlinkSpellings? spellings, string path)
{
    // Java's stream header, then its null.
    private static ReadOnlySpan<byte> NullObject => [0xAC, 0xED, 0x00, 0x05, 0x70];

    private readonly Dictionary<string, ValueList<byte>>? _spellings = spellings?.ByReference();

    internal int Length => bytes.Length;

    /// <summary>Whether handles may have the tags that came after version 2.</summary>
    internal bool HasLaterTags => version > (int)MetadataFormat.FlinkV2;

    internal void WriteByte(byte value) => bytes.Take(1)[0] = value;

    internal void WriteInt32(int value) => bytes.WriteInt32BigEndian(value);

    internal void WriteInt64(long value) => BinaryPrimitives.WriteInt64BigEndian(bytes.Take(sizeof(long)), value);

    /// <summary>A number that says whether something follows.</summary>
    internal void WriteFlag(bool value) => WriteInt32(value ? 1 : 0);

    internal void WriteOperatorId(OperatorId id) => id.Write(bytes.Take(OperatorId.Size));

    internal void WriteBlob(ValueList<byte> value)
    {
        WriteInt32(value.Count);
        bytes.Write(value.Items.AsSpan());
    }

    /// <summary>A text in modified UTF-8 with its length in bytes before it.</summary>
    /// <exception cref="UnsupportedFormatException">It takes more than 65,535 bytes.</exception>
    internal void WriteText(string text, string what)
    {
        if (_spellings is not null && _spellings.TryGetValue(text, out var spelling))
        {
            BinaryPrimitives.WriteUInt16BigEndian(bytes.Take(sizeof(ushort)), (ushort)spelling.Count);
            bytes.Write(spelling.Items.AsSpan());
            return;
        }

        if (TryWriteUsualText(text))
        {
            return;
        }

        var count = ModifiedUtf8.CountBytes(text);
        if (count > ModifiedUtf8.MaxBytes)
        {
            throw Refuse($"{what} '{text.AsSpan(0, 40)}…' of {count} bytes",
                $"texts of at most {ModifiedUtf8.MaxBytes} bytes");
        }

        BinaryPrimitives.WriteUInt16BigEndian(bytes.Take(sizeof(ushort)), (ushort)count);
        ModifiedUtf8.Encode(text, bytes.Take((int)count));
    }

    /// <summary>A text whose absence is written as an empty one.</summary>
    /// <exception cref="UnsupportedFormatException">It is there and empty.</exception>
    internal void WriteNullableText(string? text, string what)
    {
        if (text is { Length: 0 })
        {
            throw Refuse($"an empty {what}", $"a {what} that is not empty, or none");
        }

        WriteText(text ?? "", what);
    }

    /// <summary>What follows the operators from version 4 on; Java's null object if there is nothing to
    /// say.</summary>
    internal void WriteProperties(FlinkProperties? properties) =>
        bytes.Write(properties is null ? NullObject : properties.Serialized.Items.AsSpan());

    internal void WriteRange(KeyGroupRange range)
    {
        WriteInt32(range.First);
        WriteInt32(range.Count);
    }

    internal void WriteOffsets(ValueList<long> offsets)
    {
        foreach (var offset in offsets)
        {
            WriteInt64(offset);
        }
    }

    /// <summary>Fills in a number written before.</summary>
    internal void PatchInt32(int offset, int value) =>
        BinaryPrimitives.WriteInt32BigEndian(bytes.At(offset, sizeof(int)), value);

    /// <summary>Says what is written from here on, so that a refusal can name it.</summary>
    internal void Enter(OperatorCheckpoint one, int? subtask = null) => bytes.Enter(one, subtask);

    /// <summary>Refuses handles that hold each other too deep.</summary>
    internal void CheckDepth(int depth, string what)
    {
        if (depth >= MetadataInput.MaxDepth)
        {
            throw Refuse($"{what} {depth + 1} deep", $"at most {MetadataInput.MaxDepth}");
        }
    }

    /// <summary>Makes the exception for content that the format does not hold.</summary>
    internal UnsupportedFormatException Refuse(string found, string supported) =>
        new(path, bytes.Locate(found), $"{supported} in Flink's version {version}");

    // Nearly all texts are ASCII without zeros, and then length and text take one step.
    private bool TryWriteUsualText(string text)
    {
        if (text.Length > ModifiedUtf8.MaxBytes)
        {
            return false;
        }

        var room = bytes.Room(sizeof(ushort) + text.Length);
        var target = room[sizeof(ushort)..];
        if (Ascii.FromUtf16(text, target, out _) != OperationStatus.Done || target.Contains((byte)0))
        {
            return false;
        }

        BinaryPrimitives.WriteUInt16BigEndian(room, (ushort)text.Length);
        bytes.Advance(room.Length);
        return true;
    }
}
