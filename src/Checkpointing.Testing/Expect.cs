namespace Checkpointing.Testing;

/// <summary>Checks inside conformance cases.</summary>
internal static class Expect
{
    public static void That(bool condition, string demand)
    {
        if (!condition)
        {
            throw new ConformanceException(demand);
        }
    }

    public static void Equal<T>(T expected, T actual, string what)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
        {
            throw new ConformanceException($"{what}: expected {expected}, found {actual}.");
        }
    }

    public static void SameBytes(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual, string what)
    {
        var same = expected.CommonPrefixLength(actual);
        if (same != expected.Length || same != actual.Length)
        {
            throw new ConformanceException(
                $"{what}: found {actual.Length} bytes, expected {expected.Length}; the first difference is at {same}.");
        }
    }

    /// <summary>Expects exactly this exception type.</summary>
    public static async Task<TException> ThrowsAsync<TException>(Func<Task> action, string demand)
        where TException : Exception
    {
        try
        {
            await action().ConfigureAwait(false);
        }
        catch (TException e)
        {
            return e;
        }
        catch (Exception e) when (e is not ConformanceException)
        {
            throw new ConformanceException(
                $"{demand}: expected {typeof(TException).Name}, found {e.GetType().Name}: {e.Message}", e);
        }

        throw new ConformanceException($"{demand}: expected {typeof(TException).Name}, but nothing was thrown.");
    }

    /// <summary>Runs the action on this many threads at a time.</summary>
    public static Task InParallelAsync(
        int count, Func<int, CancellationToken, ValueTask> action, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            Enumerable.Range(0, count),
            new ParallelOptions { MaxDegreeOfParallelism = count, CancellationToken = cancellationToken },
            action);
}
