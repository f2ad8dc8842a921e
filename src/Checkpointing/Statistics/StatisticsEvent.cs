using Checkpointing.StateHandles;

namespace Checkpointing.Statistics;

/// <summary>What statistics are made of. The coordinator's decisions raise these, in their order.</summary>
internal abstract record StatisticsEvent
{
    /// <summary>A checkpoint got its id.</summary>
    public sealed record Triggered(
        CheckpointId Id, CheckpointKind Kind, long Epoch, int Attempt, DateTimeOffset At, string Path, int SubtaskCount)
        : StatisticsEvent;

    /// <summary>A request got no id.</summary>
    public sealed record Refused(CheckpointFailureReason Reason) : StatisticsEvent;

    /// <summary>A subtask's acknowledgement was taken.</summary>
    public sealed record Acknowledged(
        CheckpointId Id, string Operator, int Index, DateTimeOffset At, SnapshotTimes Times, long StateSizeBytes,
        SnapshotCost Cost) : StatisticsEvent;

    /// <summary>It is durable.</summary>
    public sealed record Completed(
        CheckpointId Id, DateTimeOffset At, long StateSizeBytes, long MetadataSizeBytes) : StatisticsEvent;

    /// <summary>It was aborted.</summary>
    public sealed record Failed(
        CheckpointId Id, DateTimeOffset At, CheckpointFailureReason Reason, string Detail, string? Subtask)
        : StatisticsEvent;

    /// <summary>It left the list.</summary>
    public sealed record Discarded(string Path) : StatisticsEvent;

    /// <summary>The job runs, from this.</summary>
    public sealed record Restored(RestoreReport Report) : StatisticsEvent;
}
