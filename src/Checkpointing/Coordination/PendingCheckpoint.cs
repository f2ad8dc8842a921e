using Checkpointing.CompletedCheckpoints;
using Checkpointing.Metadata;
using Checkpointing.State;
using Checkpointing.StateHandles;

namespace Checkpointing.Coordination;

/// <summary>A checkpoint between its trigger and its end.</summary>
internal sealed class PendingCheckpoint
{
    public enum Phase
    {
        /// <summary>The coordinator's hooks are asked; no subtask knows of it yet.</summary>
        CallingHooks,

        /// <summary>Subtasks still have to acknowledge.</summary>
        Collecting,

        /// <summary>All have; the metadata is being written.</summary>
        WritingMetadata,

        /// <summary>The register is being replaced: it can no longer be aborted, only fail.</summary>
        Committing,
    }

    public required CheckpointId Id { get; init; }

    public required CheckpointKind Kind { get; init; }

    public required SnapshotRequest Request { get; init; }

    public required DateTimeOffset TriggeredAt { get; init; }

    public required DateTimeOffset Deadline { get; init; }

    /// <summary>Subtasks that have not acknowledged yet; none before the triggers are sent.</summary>
    public HashSet<SubtaskAddress> Missing { get; } = [];

    /// <summary>Subtasks that take part; none before the triggers are sent.</summary>
    public IReadOnlyList<SubtaskAddress> Participants { get; set; } = [];

    /// <summary>Subtasks that had finished when the triggers were sent.</summary>
    public HashSet<SubtaskAddress> Finished { get; } = [];

    public ValueList<MasterState> HookStates { get; set; } = [];

    /// <summary>Callers that wait for it.</summary>
    public List<TaskCompletionSource<CompletedCheckpoint>> Replies { get; } = [];

    /// <summary>What was acknowledged, with placeholders resolved.</summary>
    public Dictionary<SubtaskAddress, SubtaskSnapshot> Snapshots { get; } = [];

    public Phase State { get; set; }

    public SnapshotCost Cost { get; set; }

    /// <summary>Set when its metadata is complete.</summary>
    public CompletedCheckpoint? Completed { get; set; }

    /// <summary>Whether the write of its metadata has begun, and how it ended is not known yet.</summary>
    public bool IsMetadataUnderWay { get; set; }

    public RetainedCheckpoint? Retained { get; set; }

    public bool IsSavepoint => Kind == CheckpointKind.Savepoint;
}
