using System.Buffers;
using System.Buffers.Binary;

namespace Checkpointing.State;

/// <summary>Layout of a row's key: <c>[key group: 2 bytes big-endian][n][key][m][namespace][map key]</c>.</summary>
/// <remarks>n and m are the lengths of key and namespace as LEB128 (1 to 5 bytes), so no two rows collide and all rows
/// of
/// one key and namespace have one prefix. The key group comes first, so a range of key groups is a range of bytes; it
/// is
/// the only big-endian number we store.</remarks>
public static class KeyedRowKey
{
    /// <summary>Bytes of the key group.</summary>
    public const int KeyGroupSize = 2;

    /// <summary>The key group of a row.</summary>
    public static int ReadKeyGroup(ReadOnlySpan<byte> rowKey) => BinaryPrimitives.ReadUInt16BigEndian(rowKey);

    /// <summary>Appends a key group.</summary>
    public static void WriteKeyGroup(int keyGroup, IBufferWriter<byte> target)
    {
        ArgumentNullException.ThrowIfNull(target);
        BinaryPrimitives.WriteUInt16BigEndian(target.GetSpan(KeyGroupSize), (ushort)keyGroup);
        target.Advance(KeyGroupSize);
    }

    /// <summary>Appends a part behind its length.</summary>
    public static void WritePart(ReadOnlySpan<byte> part, IBufferWriter<byte> target)
    {
        ArgumentNullException.ThrowIfNull(target);
        var rest = (uint)part.Length;
        var length = target.GetSpan(5);
        var count = 0;
        for (; rest >= 0x80; rest >>= 7)
        {
            length[count++] = (byte)(rest | 0x80);
        }

        length[count++] = (byte)rest;
        target.Advance(count);
        target.Write(part);
    }

    /// <summary>Reads a part and what follows it.</summary>
    /// <exception cref="FormatException">The bytes end before the part does.</exception>
    public static ReadOnlySpan<byte> ReadPart(ReadOnlySpan<byte> source, out ReadOnlySpan<byte> rest)
    {
        var length = 0u;
        var at = 0;
        for (var shift = 0; ; shift += 7)
        {
            if (at >= source.Length || shift > 28)
            {
                throw new FormatException("A row's key ends inside a length.");
            }

            var next = source[at++];
            length |= (uint)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                break;
            }
        }

        if (length > source.Length - at)
        {
            throw new FormatException("A row's key ends inside a part.");
        }

        rest = source[(at + (int)length)..];
        return source.Slice(at, (int)length);
    }
}
