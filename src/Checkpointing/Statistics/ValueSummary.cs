namespace Checkpointing.Statistics;

/// <summary>How one value is distributed over checkpoints. A percentile is the least value that at least so many
/// percent of all do not exceed: always one that occurred.</summary>
/// <typeparam name="T"><see cref="TimeSpan"/>, or <see cref="long"/> for bytes.</typeparam>
/// <param name="Count">How many there are; if 0, all else is the default.</param>
/// <param name="Least">The least one.</param>
/// <param name="Greatest">The greatest one.</param>
/// <param name="Average">Their mean, rounded towards zero.</param>
/// <param name="P50">The median.</param>
/// <param name="P90">90 % are at most this.</param>
/// <param name="P95">95 % are at most this.</param>
/// <param name="P99">99 % are at most this.</param>
/// <param name="P999">99.9 % are at most this.</param>
public readonly record struct ValueSummary<T>(
    int Count, T Least, T Greatest, T Average, T P50, T P90, T P95, T P99, T P999)
    where T : struct
{
    /// <summary>The same of values of another type.</summary>
    internal ValueSummary<TOther> As<TOther>(Func<T, TOther> convert)
        where TOther : struct => new(
        Count, convert(Least), convert(Greatest), convert(Average),
        convert(P50), convert(P90), convert(P95), convert(P99), convert(P999));
}

/// <summary>Makes summaries.</summary>
internal static class ValueSummary
{
    internal static ValueSummary<TimeSpan> Of(IEnumerable<TimeSpan> values) =>
        Of(values.Select(static value => value.Ticks)).As(TimeSpan.FromTicks);

    internal static ValueSummary<long> Of(IEnumerable<long> values)
    {
        var sorted = values.ToArray();
        if (sorted.Length == 0)
        {
            return default;
        }

        Array.Sort(sorted);
        Int128 sum = 0;
        foreach (var value in sorted)
        {
            sum += value;
        }

        return new(
            sorted.Length, sorted[0], sorted[^1], (long)(sum / sorted.Length),
            At(sorted, 500), At(sorted, 900), At(sorted, 950), At(sorted, 990), At(sorted, 999));
    }

    // Nearest rank: the value at ceil(p * n), from 1; in whole numbers, so that no rounding moves it.
    private static long At(long[] sorted, int perMille) =>
        sorted[(int)((((long)sorted.Length * perMille) + 999) / 1000) - 1];
}
