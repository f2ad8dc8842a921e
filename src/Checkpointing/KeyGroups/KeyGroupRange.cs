namespace Checkpointing.KeyGroups;

/// <summary>A run of key groups, inclusive at both ends. Empty is (0, -1).</summary>
public readonly record struct KeyGroupRange
{
    /// <summary>Makes a range.</summary>
    /// <param name="first">First key group, at least 0.</param>
    /// <param name="last">Last key group, at most 32,767; <paramref name="first"/> - 1 makes an empty range.</param>
    /// <exception cref="ArgumentOutOfRangeException">A bound is outside 0 to 32,767, or the range runs
    /// backwards.</exception>
    public KeyGroupRange(int first, int last)
    {
        if (last == first - 1)
        {
            (First, Last) = (0, -1);
            return;
        }

        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfLessThan(last, first);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(last, KeyGroupAssignment.MaxParallelismLimit);
        (First, Last) = (first, last);
    }

    /// <summary>No key group. (Not <c>default</c>, which is the range of group 0 alone.)</summary>
    public static KeyGroupRange Empty => new(0, -1);

    /// <summary>First key group.</summary>
    public int First { get; }

    /// <summary>Last key group; -1 when empty.</summary>
    public int Last { get; }

    /// <summary>Number of key groups.</summary>
    public int Count => Last - First + 1;

    /// <summary>Whether there is no key group.</summary>
    public bool IsEmpty => Last < First;

    /// <summary>All key groups of a job.</summary>
    public static KeyGroupRange All(int maxParallelism)
    {
        KeyGroupAssignment.CheckMaxParallelism(maxParallelism);
        return new(0, maxParallelism - 1);
    }

    /// <summary>Whether the key group lies in the range.</summary>
    public bool Contains(int keyGroup) => keyGroup >= First && keyGroup <= Last;

    /// <summary>Whether the other range lies in this one; an empty one does.</summary>
    public bool Contains(KeyGroupRange other) => other.IsEmpty || (other.First >= First && other.Last <= Last);

    /// <summary>The key groups in both ranges.</summary>
    public KeyGroupRange Intersect(KeyGroupRange other)
    {
        var first = Math.Max(First, other.First);
        var last = Math.Min(Last, other.Last);
        return first <= last ? new(first, last) : Empty;
    }

    /// <summary>Whether both ranges have a key group in common.</summary>
    public bool Overlaps(KeyGroupRange other) => !Intersect(other).IsEmpty;

    /// <summary>For example <c>0-42</c>; <c>empty</c> when empty.</summary>
    public override string ToString() => IsEmpty ? "empty" : $"{First}-{Last}";
}
