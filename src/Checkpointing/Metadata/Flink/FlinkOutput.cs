using System.Buffers.Binary;
using Checkpointing.KeyGroups;
using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Flink;

/// <summary>Writes the fields of Flink's formats, big-endian.</summary>
internal sealed class FlinkOutput(MetadataOutput bytes, int version, FlinkSpellings? spellings, string path)
{
    private readonly Dictionary<string, ValueList<byte>>? _spellings = spellings?.ByReference();

    internal int Length => bytes.Length;

    internal void WriteByte(byte value) => bytes.Take(1)[0] = value;

    internal void WriteInt32(int value) => bytes.WriteInt32BigEndian(value);

    internal void WriteInt64(long value) => BinaryPrimitives.WriteInt64BigEndian(bytes.Take(sizeof(long)), value);

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

        var count = ModifiedUtf8.CountBytes(text);
        if (count > ModifiedUtf8.MaxBytes)
        {
            throw Refuse($"{what} '{text.AsSpan(0, 40)}…' of {count} bytes",
                $"texts of at most {ModifiedUtf8.MaxBytes} bytes");
        }

        BinaryPrimitives.WriteUInt16BigEndian(bytes.Take(sizeof(ushort)), (ushort)count);
        ModifiedUtf8.Encode(text, bytes.Take((int)count));
    }

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

    /// <summary>Makes the exception for content that the format does not hold.</summary>
    internal UnsupportedFormatException Refuse(string found, string supported) =>
        new(path, found, $"{supported} in Flink's version {version}");
}
