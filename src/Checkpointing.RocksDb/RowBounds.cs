using System.Buffers.Binary;
using Checkpointing.KeyGroups;
using Checkpointing.State;

namespace Checkpointing.RocksDb;

/// <summary>Bounds of row keys in bytes: a range of key groups is a range of bytes.</summary>
internal static class RowBounds
{
    /// <summary>First key of a range of key groups, and the end behind its last.</summary>
    internal static (byte[] Lower, byte[] End) Of(KeyGroupRange range) => (Encode(range.First), Encode(range.Last + 1));

    /// <summary>Keys that begin with a prefix and lie in a range of key groups.</summary>
    internal static (byte[] Lower, byte[] End) Of(ReadOnlySpan<byte> prefix, KeyGroupRange range)
    {
        var (lower, end) = Of(range);
        if (prefix.SequenceCompareTo(lower) > 0)
        {
            lower = prefix.ToArray();
        }

        if (EndOf(prefix) is { } prefixEnd && prefixEnd.AsSpan().SequenceCompareTo(end) < 0)
        {
            end = prefixEnd;
        }

        // An upper bound below the lower one is no valid pair; nothing lies between.
        return lower.AsSpan().SequenceCompareTo(end) < 0 ? (lower, end) : (lower, lower);
    }

    /// <summary>Whether keys between two bounds (both included) may lie in the range.</summary>
    internal static bool Meet(ReadOnlySpan<byte> smallestKey, ReadOnlySpan<byte> largestKey, KeyGroupRange range)
    {
        var (lower, end) = Of(range);
        return !range.IsEmpty && largestKey.SequenceCompareTo(lower) >= 0 && smallestKey.SequenceCompareTo(end) < 0;
    }

    /// <summary>The smallest key above all that begin with the prefix; null if there is none.</summary>
    private static byte[]? EndOf(ReadOnlySpan<byte> prefix)
    {
        var last = prefix.LastIndexOfAnyExcept((byte)0xFF);
        if (last < 0)
        {
            return null;
        }

        var end = prefix[..(last + 1)].ToArray();
        end[last]++;
        return end;
    }

    private static byte[] Encode(int keyGroup)
    {
        var bytes = new byte[KeyedRowKey.KeyGroupSize];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)keyGroup);
        return bytes;
    }
}
