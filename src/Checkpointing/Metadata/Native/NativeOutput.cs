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

    /// <summary>Room for the next bytes, all of which count as written.</summary>
    internal Span<byte> Take(int count) => bytes.Take(count);

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

        // The text may begin a chunk, so the place of its length is looked up afterwards.
        count = WriteTextOnly(text);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.At(lengthAt, sizeof(int)), count);
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

    /// <summary>A record that holds nothing but a text.</summary>
    internal void WriteTextRecord(ushort tag, string? text)
    {
        if (text is not null)
        {
            var begin = Begin(tag);
            WriteTextOnly(text);
            End(begin);
        }
    }

    /// <summary>A record without a body, which says that something is so.</summary>
    internal void WriteMark(ushort tag, bool isSo)
    {
        if (isSo)
        {
            End(Begin(tag));
        }
    }

    /// <summary>Records of a newer writer that were kept.</summary>
    internal void WriteUnknown(ValueList<OpaqueRecord> records)
    {
        foreach (var record in records)
        {
            if ((record.Tag & NativeTags.RequiredBit) != 0)
            {
                throw Refuse(
                    $"an unknown record with the required tag 0x{record.Tag:x4}", "tags below 0x8000 there");
            }

            var begin = Begin(record.Tag);
            WriteBytes(record.Body.Items.AsSpan());
            End(begin);
        }
    }

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

    /// <summary>Begins a record; pass the result to <see cref="End"/>.</summary>
    internal int Begin(ushort tag)
    {
        var header = bytes.Take(NativeInput.RecordHeaderBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(header, tag);
        header[sizeof(ushort)..].Clear();
        return bytes.Length;
    }

    /// <summary>Ends a record: fills in its length.</summary>
    internal void End(int begin) =>
        BinaryPrimitives.WriteInt32LittleEndian(bytes.At(begin - sizeof(int), sizeof(int)), bytes.Length - begin);

    /// <summary>Makes the exception for content that the format does not hold.</summary>
    internal UnsupportedFormatException Refuse(string found, string supported) =>
        new(path, bytes.Locate(found), supported);
}
