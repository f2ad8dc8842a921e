namespace Checkpointing.StateHandles;

/// <summary>Adds sizes that came from files of strangers: a sum that does not fit stops at the nearest bound.</summary>
internal static class StateSize
{
    internal static long Add(long left, long right)
    {
        var sum = unchecked(left + right);

        // Only two numbers of one sign overflow, and the sum then has the other.
        return ((left ^ sum) & (right ^ sum)) >= 0 ? sum : left < 0 ? long.MinValue : long.MaxValue;
    }

    internal static long Sum<T>(ValueList<T> items, Func<T, long> size)
    {
        long sum = 0;
        foreach (var item in items)
        {
            sum = Add(sum, size(item));
        }

        return sum;
    }
}
