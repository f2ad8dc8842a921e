namespace Checkpointing.Statistics;

/// <summary>What a job's checkpoints have been like, at one moment. Immutable: any thread may read it, for as long as
/// it likes.</summary>
public sealed class CheckpointStatistics
{
    private CheckpointSummary? _summary;

    internal CheckpointStatistics(JobId job) => Job = job;

    /// <summary>The job.</summary>
    public JobId Job { get; }

    /// <summary>How many there have been.</summary>
    public CheckpointCounts Counts { get; internal init; } = CheckpointCounts.Zero;

    /// <summary>Those in progress, oldest first.</summary>
    public IReadOnlyList<CheckpointReport> InProgress { get; internal init; } = [];

    /// <summary>Those that ended, in the order in which they did; the newest 1,000 or as many as the options say, those
    /// of earlier processes included.</summary>
    public IReadOnlyList<CheckpointReport> History { get; internal init; } = [];

    /// <summary>The checkpoint that completed last; null if there is none. Savepoints do not count.</summary>
    public CheckpointReport? LatestCompleted { get; internal init; }

    /// <summary>The savepoint that completed last; null if there is none.</summary>
    public CheckpointReport? LatestSavepoint { get; internal init; }

    /// <summary>What failed last; null if nothing did.</summary>
    public CheckpointReport? LatestFailed { get; internal init; }

    /// <summary>What the job was started from last; null if it began with nothing.</summary>
    public RestoreReport? LatestRestored { get; internal init; }

    /// <summary>Whether the history of earlier processes is in it: false for a moment after recovery, or when it is not
    /// stored.</summary>
    public bool HasEarlierHistory { get; internal init; }

    /// <summary>How times and sizes are distributed over the completed ones of <see cref="History"/>. Worked out when
    /// it is first asked for.</summary>
    public CheckpointSummary Summary => _summary ??= new(
        [.. History.Where(static one => one.Outcome == CheckpointOutcome.Completed)]);
}
