namespace Checkpointing.Statistics;

/// <summary>How far a checkpoint is, or how it ended.</summary>
public enum CheckpointOutcome
{
    /// <summary>Triggered, and neither complete nor aborted.</summary>
    InProgress = 0,

    /// <summary>Durable.</summary>
    Completed = 1,

    /// <summary>It will never complete; see <see cref="CheckpointReport.FailureReason"/>.</summary>
    Failed = 2,
}
