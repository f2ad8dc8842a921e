namespace Checkpointing.State;

/// <summary>How long what is written to a state lives: a value, a map's entry, a list's element, an
/// accumulator.</summary>
/// <remarks>
/// <para>Time is that of the subtask's clock, in whole milliseconds, not event time. What was written at t has expired
/// at t + <see cref="Duration"/>, and from then on it is never returned, whether it is still stored or not. Timers and
/// operator state do not expire.</para>
/// <para>Backends drop what has expired in time of their own: the heap while the state is written to, RocksDB when it
/// compacts. Another duration may be declared at every start and holds for what is stored too: a longer one brings
/// back what had expired and was not dropped yet.</para>
/// </remarks>
public sealed record TimeToLive
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(36_500);

    /// <summary>Sets the duration.</summary>
    /// <param name="duration">1 millisecond to 36,500 days; parts of a millisecond do not count.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is outside this range.</exception>
    public TimeToLive(TimeSpan duration)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(duration, TimeSpan.FromMilliseconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(duration, Longest);
        Duration = TimeSpan.FromMilliseconds(duration.Ticks / TimeSpan.TicksPerMillisecond);
    }

    /// <summary>Time from a write to expiry; whole milliseconds.</summary>
    public TimeSpan Duration { get; }

    /// <summary>What begins the time anew. Default: a write.</summary>
    public TimeToLiveRefresh Refresh { get; init; }
}
