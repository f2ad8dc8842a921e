using System.Collections.Immutable;

namespace Checkpointing.Hosting.Execution;

/// <summary>One restart that was decided on.</summary>
/// <param name="FailedAt">When the job failed.</param>
/// <param name="Delay">Time until the restart.</param>
/// <param name="BackOff">The delay without what chance added or took.</param>
/// <param name="InARow">Number of this restart among those that the strategy counts together, from 1.</param>
internal sealed record Restart(DateTimeOffset FailedAt, TimeSpan Delay, TimeSpan BackOff, int InARow)
{
    /// <summary>Our own doing and not the job's failure: no strategy hears of it.</summary>
    public bool IsFree { get; init; }
}

/// <summary>Restarts of one job, as far as a strategy may look back. Immutable.</summary>
internal sealed record RestartHistory
{
    /// <summary>Restarts that are remembered.</summary>
    public const int MaxKept = 1_000;

    private RestartHistory(int count, ImmutableQueue<Restart> newest, Restart? last, int kept) =>
        (Count, _newest, Last, _kept) = (count, newest, last, kept);

    private readonly ImmutableQueue<Restart> _newest;
    private readonly int _kept;

    /// <summary>A job that has not failed yet.</summary>
    public static RestartHistory Empty { get; } = new(0, [], null, 0);

    /// <summary>All restarts there were.</summary>
    public int Count { get; }

    public Restart? Last { get; }

    /// <summary>The newest ones, oldest first.</summary>
    public IEnumerable<Restart> Newest => _newest;

    public RestartHistory With(Restart restart)
    {
        var newest = _newest.Enqueue(restart);
        return _kept < MaxKept
            ? new(Count + 1, newest, restart, _kept + 1)
            : new(Count + 1, newest.Dequeue(), restart, _kept);
    }
}
