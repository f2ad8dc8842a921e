namespace Checkpointing.Statistics;

/// <summary>One stored file of statistics.</summary>
internal sealed record StatisticsSegment
{
    public required JobId Job { get; init; }

    /// <summary>Reign of the coordinator that wrote it.</summary>
    public required long Epoch { get; init; }

    /// <summary>Whether it holds all that was known when it was written: segments before it are not needed any
    /// more.</summary>
    public required bool IsWhole { get; init; }

    /// <summary>All that was ever counted, not only of the reports here.</summary>
    public required CheckpointCounts Counts { get; init; }

    /// <summary>Checkpoints that ended since the segment before, or the whole history; in the order of ends.</summary>
    public required IReadOnlyList<CheckpointReport> Reports { get; init; }

    public CheckpointReport? LatestCompleted { get; init; }

    public CheckpointReport? LatestSavepoint { get; init; }

    public CheckpointReport? LatestFailed { get; init; }

    public RestoreReport? LatestRestored { get; init; }
}
