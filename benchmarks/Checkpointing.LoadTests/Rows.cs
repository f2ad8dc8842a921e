using System.Buffers.Binary;
using System.IO.Hashing;

namespace Checkpointing.LoadTests;

/// <summary>Rows that both sides get: key and value of row i, the same in every run.</summary>
internal static class Rows
{
    internal const int KeyBytes = 16;
    internal const int ValueBytes = 100;

    /// <summary>Key of a row: in random order as a hash is.</summary>
    internal static Guid Key(int row)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, row);
        Span<byte> key = stackalloc byte[KeyBytes];
        XxHash128.Hash(bytes, key);
        return new(key);
    }

    /// <summary>Fills a value that does not compress.</summary>
    internal static void Value(int row, int version, Span<byte> target)
    {
        var state = ((ulong)(uint)row << 32 | (uint)version) * 0x9E37_79B9_7F4A_7C15UL + 1;
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        for (var at = 0; at < target.Length; at += sizeof(ulong))
        {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, state);
            bytes[..Math.Min(sizeof(ulong), target.Length - at)].CopyTo(target[at..]);
        }
    }
}
