using System.Buffers.Binary;
using System.IO.Hashing;

namespace Checkpointing.Torture.Fuzz;

/// <summary>Finds and changes records in files of version 1001, and puts a right trailer behind what was
/// changed.</summary>
/// <remarks>Records are told by their looks: a tag of a known group, and a length that fits. So this knows nothing of
/// the format but headers and trailer, and needs no change for a new record.</remarks>
internal static class NativeRecords
{
    internal const int HeaderBytes = 2 * sizeof(int);
    internal const int TrailerBytes = sizeof(ulong) + DigestBytes;

    private const int DigestBytes = 16;
    private const int RecordHeaderBytes = sizeof(ushort) + sizeof(uint);
    private const byte FirstGroup = 0x80;
    private const byte LastGroup = 0x8A;

    /// <summary>Offsets of what looks like a record in a file without its trailer.</summary>
    internal static List<int> Find(ReadOnlySpan<byte> content)
    {
        var found = new List<int>();
        for (var at = HeaderBytes; at + RecordHeaderBytes <= content.Length; at++)
        {
            if (content[at + 1] is >= FirstGroup and <= LastGroup && LengthAt(content, at) is >= 0 and var length
                && at + RecordHeaderBytes + (long)length <= content.Length)
            {
                found.Add(at);
            }
        }

        return found;
    }

    /// <summary>The whole record at an offset.</summary>
    internal static Span<byte> At(Span<byte> content, int record) =>
        content.Slice(record, RecordHeaderBytes + LengthAt(content, record));

    /// <summary>Replaces bytes, and mends the lengths of all records around them.</summary>
    internal static byte[] Replace(byte[] content, List<int> records, int start, int count, ReadOnlySpan<byte> by)
    {
        byte[] result = [.. content.AsSpan(0, start), .. by, .. content.AsSpan(start + count)];
        foreach (var record in records)
        {
            var end = record + RecordHeaderBytes + LengthAt(content, record);
            if (record + RecordHeaderBytes <= start && end >= start + count)
            {
                BinaryPrimitives.WriteInt32LittleEndian(
                    result.AsSpan(record + sizeof(ushort)), end - record - RecordHeaderBytes + by.Length - count);
            }
        }

        return result;
    }

    /// <summary>A record.</summary>
    internal static byte[] Make(int tag, ReadOnlySpan<byte> body)
    {
        var result = new byte[RecordHeaderBytes + body.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(result, (ushort)tag);
        BinaryPrimitives.WriteInt32LittleEndian(result.AsSpan(sizeof(ushort)), body.Length);
        body.CopyTo(result.AsSpan(RecordHeaderBytes));
        return result;
    }

    /// <summary>A file without its trailer.</summary>
    internal static byte[] Open(byte[] file) => file[..^TrailerBytes];

    /// <summary>Puts a right trailer behind header and records, so that the parser behind it is reached.</summary>
    internal static byte[] Seal(ReadOnlySpan<byte> content)
    {
        byte[] bytes = [.. content, .. new byte[TrailerBytes]];
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(^TrailerBytes), bytes.Length);
        XxHash128.Hash(bytes.AsSpan(..^DigestBytes)).CopyTo(bytes, bytes.Length - DigestBytes);
        return bytes;
    }

    private static int LengthAt(ReadOnlySpan<byte> content, int record) =>
        BinaryPrimitives.ReadInt32LittleEndian(content[(record + sizeof(ushort))..]);
}
