using Checkpointing.KeyGroups;
using Checkpointing.RocksDb.Native;

namespace Checkpointing.RocksDb;

/// <summary>A run of row keys.</summary>
/// <param name="First">First key.</param>
/// <param name="End">End, exclusive.</param>
internal readonly record struct KeyInterval(byte[] First, byte[] End)
{
    /// <summary>All keys of a range of key groups.</summary>
    internal static KeyInterval Of(KeyGroupRange range)
    {
        var (lower, end) = RowBounds.Of(range);
        return new(lower, end);
    }

    /// <summary>The keys between a file's bounds that lie in a range, which the bounds meet.</summary>
    internal static KeyInterval Of(LiveFile file, KeyGroupRange range)
    {
        var whole = Of(range);

        // The key after the largest one is the largest with a zero byte behind it.
        byte[] end = [.. file.LargestKey, 0];
        return new(
            Compare(file.SmallestKey, whole.First) > 0 ? file.SmallestKey : whole.First,
            Compare(end, whole.End) < 0 ? end : whole.End);
    }

    /// <summary>The same keys in as few intervals as possible, in order.</summary>
    internal static IReadOnlyList<KeyInterval> Union(IEnumerable<KeyInterval> intervals)
    {
        var union = new List<KeyInterval>();
        foreach (var next in intervals.OrderBy(static interval => interval.First, KeyOrder.Bytes))
        {
            if (union.Count > 0 && Compare(next.First, union[^1].End) <= 0)
            {
                union[^1] = Compare(next.End, union[^1].End) > 0 ? union[^1] with { End = next.End } : union[^1];
            }
            else
            {
                union.Add(next);
            }
        }

        return union;
    }

    /// <summary>Whether a file's bounds meet the interval.</summary>
    internal bool Meets(LiveFile file) => Compare(file.LargestKey, First) >= 0 && Compare(file.SmallestKey, End) < 0;

    private static int Compare(byte[] left, byte[] right) => left.AsSpan().SequenceCompareTo(right);
}
