using System.Buffers.Binary;
using Checkpointing.KeyGroups;
using Checkpointing.State;

namespace Checkpointing.RocksDb;

/// <summary>Bounds of row keys in bytes: a range of key groups is a range of bytes.</summary>
internal static class RowBounds
{
    /// <summary>First key of a range of key groups, and the end behind its last.</summary>
    internal static (byte[] Lower, byte[] End) Of(KeyGroupRange range) => (Encode(range.First), Encode(range.Last + 1));

    /// <summary>Room that <see cref="Write"/> needs at most.</summary>
    internal static int MaxLength(ReadOnlySpan<byte> prefix) => 2 * Math.Max(prefix.Length, KeyedRowKey.KeyGroupSize);

    /// <summary>Writes the bounds of the keys that begin with a prefix and lie in a range of key groups: the first,
    /// then the end, exclusive.</summary>
    /// <param name="prefix">Any bytes.</param>
    /// <param name="range">Key groups.</param>
    /// <param name="target">Gets both, one behind the other.</param>
    /// <returns>The lengths of the two.</returns>
    internal static (int Lower, int End) Write(ReadOnlySpan<byte> prefix, KeyGroupRange range, Span<byte> target)
    {
        Span<byte> first = stackalloc byte[KeyedRowKey.KeyGroupSize];
        BinaryPrimitives.WriteUInt16BigEndian(first, (ushort)range.First);
        var lower = prefix.SequenceCompareTo(first) > 0 ? prefix : first;
        lower.CopyTo(target);
        var end = target[lower.Length..];
        var endLength = WriteEnd(prefix, range, end);

        // An upper bound below the lower one is no valid pair; nothing lies between.
        if (lower.SequenceCompareTo(end[..endLength]) >= 0)
        {
            lower.CopyTo(end);
            endLength = lower.Length;
        }

        return (lower.Length, endLength);
    }

    /// <summary>Whether a key lies in the range.</summary>
    internal static bool Contain(ReadOnlySpan<byte> key, KeyGroupRange range) =>
        key.Length >= KeyedRowKey.KeyGroupSize && range.Contains(KeyedRowKey.ReadKeyGroup(key));

    /// <summary>Whether keys between two bounds (both included) may lie in the range.</summary>
    internal static bool Meet(ReadOnlySpan<byte> smallestKey, ReadOnlySpan<byte> largestKey, KeyGroupRange range)
    {
        var (lower, end) = Of(range);
        return !range.IsEmpty && largestKey.SequenceCompareTo(lower) >= 0 && smallestKey.SequenceCompareTo(end) < 0;
    }

    private static int WriteEnd(ReadOnlySpan<byte> prefix, KeyGroupRange range, Span<byte> target)
    {
        Span<byte> endOfRange = stackalloc byte[KeyedRowKey.KeyGroupSize];
        BinaryPrimitives.WriteUInt16BigEndian(endOfRange, (ushort)(range.Last + 1));

        // The smallest key above all that begin with the prefix: its last byte that can grow, grown.
        var last = prefix.LastIndexOfAnyExcept((byte)0xFF);
        if (last >= 0)
        {
            var end = target[..(last + 1)];
            prefix[..(last + 1)].CopyTo(end);
            end[last]++;
            if (end.SequenceCompareTo(endOfRange) < 0)
            {
                return end.Length;
            }
        }

        endOfRange.CopyTo(target);
        return endOfRange.Length;
    }

    private static byte[] Encode(int keyGroup)
    {
        var bytes = new byte[KeyedRowKey.KeyGroupSize];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)keyGroup);
        return bytes;
    }
}
