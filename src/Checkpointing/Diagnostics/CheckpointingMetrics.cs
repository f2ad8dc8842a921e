using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Checkpointing.Diagnostics;

/// <summary>Names of what a coordinator measures and traces: a <see cref="Meter"/> and an <see cref="ActivitySource"/>
/// for OpenTelemetry, or any listener. What each means and what to do: docs/observability.md.</summary>
/// <remarks>Every measurement has the tag <see cref="JobTag"/>. Ids are never tags of measurements; spans have them.
/// Nothing is measured that nobody listens to. RocksDB's backends have a meter of their own, with the same
/// tags.</remarks>
public static class CheckpointingMetrics
{
    /// <summary>Name of the meter, and of the activity source.</summary>
    public const string MeterName = "Checkpointing";

    /// <summary>Histogram, s: from the trigger of a checkpoint or savepoint to its end. Tags <see cref="OutcomeTag"/>,
    /// <see cref="KindTag"/>.</summary>
    public const string Duration = "checkpointing.checkpoint.duration";

    /// <summary>Histogram, s: how long a subtask stood still for its snapshot. Tag <see cref="OperatorTag"/>.</summary>
    public const string Blocked = "checkpointing.checkpoint.blocked";

    /// <summary>Histogram, s: how long a subtask's inputs were blocked, from the first barrier to the last. Tag
    /// <see cref="OperatorTag"/>.</summary>
    public const string Alignment = "checkpointing.checkpoint.alignment";

    /// <summary>Histogram, s: from the trigger to the first barrier at a subtask. Tag
    /// <see cref="OperatorTag"/>.</summary>
    public const string StartDelay = "checkpointing.checkpoint.start_delay";

    /// <summary>Histogram, s: how long a subtask's snapshot was written beside it. Tag
    /// <see cref="OperatorTag"/>.</summary>
    public const string Written = "checkpointing.checkpoint.written";

    /// <summary>Counter, {checkpoint}: those that failed. Tags <see cref="ReasonTag"/>,
    /// <see cref="KindTag"/>.</summary>
    public const string Failures = "checkpointing.checkpoint.failures";

    /// <summary>Gauge, {checkpoint}: those in progress now.</summary>
    public const string InProgress = "checkpointing.checkpoint.in_progress";

    /// <summary>Gauge, s: time since the last checkpoint completed, in this process or an earlier one; not reported
    /// before there is one.</summary>
    public const string LastCompletedAge = "checkpointing.checkpoint.last_completed.age";

    /// <summary>Gauge, By: bytes of the state of the last completed checkpoint; not reported before there is
    /// one.</summary>
    public const string StateSize = "checkpointing.state.size";

    /// <summary>Counter, By: bytes that completed checkpoints and savepoints stored.</summary>
    public const string Uploaded = "checkpointing.state.uploaded";

    /// <summary>Counter, By: bytes of earlier checkpoints that completed ones use again.</summary>
    public const string Reused = "checkpointing.state.reused";

    /// <summary>Counter, {file}: files that completed checkpoints and savepoints brought to their place. Tag
    /// <see cref="WayTag"/>.</summary>
    public const string TransferredFiles = "checkpointing.transfer.files";

    /// <summary>Counter, By: bytes of these files. Tag <see cref="WayTag"/>.</summary>
    public const string TransferredSize = "checkpointing.transfer.size";

    /// <summary>Histogram, By: bytes of the metadata of completed checkpoints and savepoints.</summary>
    public const string MetadataSize = "checkpointing.metadata.size";

    /// <summary>Gauge, {file}: shared files that checkpoints or running attempts own.</summary>
    public const string SharedFiles = "checkpointing.shared_files";

    /// <summary>Gauge, {file}: files that nobody needs any more and that are not deleted yet.</summary>
    public const string WaitingDeletions = "checkpointing.deletions.waiting";

    /// <summary>Histogram, s: from the beginning of recovery until all tasks ran. Tag <see cref="KindTag"/>.</summary>
    public const string RestoreDuration = "checkpointing.restore.duration";

    /// <summary>Counter, {file}: files of older epochs that nothing led to, deleted by sweeps.</summary>
    public const string OrphansDeleted = "checkpointing.orphans.deleted";

    /// <summary>Tag: name of the job.</summary>
    public const string JobTag = "checkpointing.job";

    /// <summary>Tag: name of the operator.</summary>
    public const string OperatorTag = "checkpointing.operator";

    /// <summary>Tag: <c>completed</c>, <c>declined</c>, <c>expired</c> or <c>failed</c>.</summary>
    public const string OutcomeTag = "checkpointing.outcome";

    /// <summary>Tag: <c>checkpoint</c>, <c>full_checkpoint</c> or <c>savepoint</c>.</summary>
    public const string KindTag = "checkpointing.kind";

    /// <summary>Tag: why it failed, a name of <see cref="CheckpointFailureReason"/>.</summary>
    public const string ReasonTag = "checkpointing.reason";

    /// <summary>Tag: how a file got to its place: <c>linked</c>, <c>reflinked</c>, <c>copied</c> or
    /// <c>streamed</c>.</summary>
    public const string WayTag = "checkpointing.transfer.way";
}
