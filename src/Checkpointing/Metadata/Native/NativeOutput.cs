using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Checkpointing.KeyGroups;
using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Native;

/// <summary>Writes the fields and records of version 1001, little-endian.</summary>
internal readonly struct NativeOutput(MetadataOutput bytes, string path)
{
    internal int Length => bytes.Length;

    internal void WriteByte(byte value) => bytes.Take(1)[0] = value;

    /// <summary>A number of an enumeration, if readers know it.</summary>
    internal void WriteCode(int value, int first, int last, string what) => WriteByte(
        value >= first && value <= last ? (byte)value : throw Refuse($"{what} {value}", $"{first} to {last}"));

    internal void WriteUInt16(ushort value) =>
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.Take(sizeof(ushort)), value);

    internal void WriteInt32(int value) => BinaryPrimitives.WriteInt32LittleEndian(bytes.Take(sizeof(int)), value);

    internal void WriteInt64(long value) => BinaryPrimitives.WriteInt64LittleEndian(bytes.Take(sizeof(long)), value);

    internal void WriteGuid(Guid value) => value.TryWriteBytes(bytes.Take(16), bigEndian: true, out _);

    internal void WriteOperatorId(OperatorId id) => id.Write(bytes.Take(OperatorId.Size));

    internal void WriteDigest(ContentDigest digest) =>
        BinaryPrimitives.WriteUInt128BigEndian(bytes.Take(ContentDigest.Size), digest.Value);

    /// <summary>The digest of all that was written before.</summary>
    internal void WriteDigestOfAll() => WriteDigest(bytes.Digest());

    internal void WriteBytes(ReadOnlySpan<byte> value) => bytes.Write(value);

    /// <summary>Bytes with their length before them.</summary>
    internal void WriteBlob(ValueList<byte> value)
    {
        WriteInt32(value.Count);
        WriteBytes(value.Items.AsSpan());
    }

    /// <summary>A text with its length in bytes before it.</summary>
    internal void WriteText(string text)
    {
        // Nearly all texts are ASCII, and then length and text take one step.
        var room = bytes.Room(sizeof(int) + text.Length);
        if (Ascii.FromUtf16(text, room[sizeof(int)..], out var count) == OperationStatus.Done)
        {
            BinaryPrimitives.WriteInt32LittleEndian(room, count);
            bytes.Advance(sizeof(int) + count);
            return;
        }

        var lengthAt = bytes.Length;
        WriteInt32(0);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.At(lengthAt, sizeof(int)), WriteTextOnly(text));
    }

    /// <summary>A text without its length; returns the number of bytes.</summary>
    internal int WriteTextOnly(string text)
    {
        if (Ascii.FromUtf16(text, bytes.Room(text.Length), out var count) != OperationStatus.Done)
        {
            count = NativeText.Encode(text, bytes.Room(text.Length * NativeText.MaxBytesPerUnit));
        }

        bytes.Advance(count);
        return count;
    }

    internal void WriteRange(KeyGroupRange range)
    {
        WriteUInt16((ushort)range.First);
        WriteUInt16((ushort)range.Count);
    }

    internal void WriteOffsets(ValueList<long> offsets)
    {
        var items = offsets.Items.AsSpan();
        var target = bytes.Take(items.Length * sizeof(long));
        for (var i = 0; i < items.Length; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(target[(i * sizeof(long))..], items[i]);
        }
    }

    /// <summary>Begins a record; pass the result to <see cref="End"/>.</summary>
    internal int Begin(ushort tag)
    {
        WriteUInt16(tag);
        WriteInt32(0);
        return bytes.Length;
    }

    /// <summary>Ends a record: fills in its length.</summary>
    internal void End(int begin) =>
        BinaryPrimitives.WriteInt32LittleEndian(bytes.At(begin - sizeof(int), sizeof(int)), bytes.Length - begin);

    /// <summary>Makes the exception for content that the format does not hold.</summary>
    internal UnsupportedFormatException Refuse(string found, string supported) => new(path, found, supported);
}
