namespace Checkpointing.Testing.State;

/// <summary>Parallelisms in an order in which few restores go from every one to every other.</summary>
public static class ParallelismWalk
{
    /// <summary>A walk from 1 to 1 that steps once from every number up to <paramref name="count"/> to every number,
    /// itself included: count² steps, so one entry more.</summary>
    /// <param name="count">The largest parallelism, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is less than 1.</exception>
    public static IReadOnlyList<int> OverAllPairs(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);

        // Hierholzer's algorithm: from where no step is left, go back and insert the rest.
        var next = new int[count + 1];
        Array.Fill(next, count);
        var path = new Stack<int>([1]);
        var walk = new List<int>();
        while (path.TryPeek(out var at))
        {
            if (next[at] > 0)
            {
                path.Push(next[at]--);
            }
            else
            {
                walk.Add(path.Pop());
            }
        }

        return walk;
    }
}
