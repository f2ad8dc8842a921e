using Checkpointing.CompletedCheckpoints;
using Checkpointing.Metadata;
using Checkpointing.SharedState;

namespace Checkpointing.Coordination;

/// <summary>What happens to a coordinator. <see cref="CoordinatorCore.Handle"/> turns each into effects.</summary>
internal abstract record CoordinatorEvent
{
    /// <summary>The running attempt is over: whatever is pending is aborted.</summary>
    public sealed record AttemptEnded : CoordinatorEvent;

    /// <summary>State was recovered, or nothing was there: the next attempt may begin.</summary>
    public sealed record Recovered(
        RegisterRecord Record,
        SharedStateRegistry Registry,
        RecoveredCheckpoints Checkpoints,
        CompletedCheckpoint? Base,
        OwnedFolders Owned,
        LeavingCheckpoints Leaving) : CoordinatorEvent;

    /// <summary>The record is about to be changed by resuming or starting over. Unless <see cref="Resumed"/> follows,
    /// nobody knows what it says until the next recovery.</summary>
    public sealed record Resuming : CoordinatorEvent;

    /// <summary>The record was changed by resuming or starting over; shared state of claimed checkpoints is
    /// registered.</summary>
    public sealed record Resumed(
        RegisterRecord Record,
        IReadOnlyList<CompletedCheckpoint> Claimed,
        CompletedCheckpoint? Base,
        OwnedFolders? NewlyOwned) : CoordinatorEvent
    {
        /// <summary>What the job whose checkpoints were claimed had still been letting go.</summary>
        public LeavingCheckpoints Leaving { get; init; } = LeavingCheckpoints.None;

        /// <summary>What the job starts from, whoever owns it; null: from nothing.</summary>
        public CompletedCheckpoint? From { get; init; }
    }

    /// <summary>All tasks run.</summary>
    public sealed record Started : CoordinatorEvent;

    /// <summary>Somebody asks for a checkpoint.</summary>
    public sealed record TriggerRequested(
        CheckpointRequest Request, TaskCompletionSource<CompletedCheckpoint> Reply) : CoordinatorEvent
    {
        /// <summary>Whether it is declined if it cannot begin at once.</summary>
        public bool NowOrNever { get; init; }
    }

    /// <summary>All hooks have given their state.</summary>
    public sealed record HooksAnswered(CheckpointId Id, IReadOnlyList<MasterState> States) : CoordinatorEvent;

    /// <summary>A hook failed, or did not answer in time.</summary>
    public sealed record HookFailed(CheckpointId Id, CheckpointingException Cause) : CoordinatorEvent;

    /// <summary>A subtask has finished.</summary>
    public sealed record Finished(SubtaskFinished Message) : CoordinatorEvent;

    /// <summary>The cleaner has deleted, or given up.</summary>
    public sealed record CleaningProgressed(int FilesToDelete) : CoordinatorEvent;

    /// <summary>A timer fired, perhaps too early or too late.</summary>
    public sealed record TimePassed : CoordinatorEvent;

    /// <summary>A subtask acknowledged.</summary>
    public sealed record Acknowledged(AcknowledgeCheckpoint Message) : CoordinatorEvent;

    /// <summary>A subtask declined.</summary>
    public sealed record Declined(DeclineCheckpoint Message) : CoordinatorEvent;

    /// <summary>A trigger could not be delivered.</summary>
    public sealed record DeliveryFailed(CheckpointId Id, CheckpointingException Cause) : CoordinatorEvent;

    /// <summary>Metadata is durable.</summary>
    public sealed record MetadataWritten(
        CheckpointId Id, RetainedCheckpoint Retained, CompletedCheckpoint Completed) : CoordinatorEvent;

    /// <summary>Metadata could not be written.</summary>
    public sealed record MetadataFailed(CheckpointId Id, CheckpointingException Cause) : CoordinatorEvent;

    /// <summary>The register holds the record that was asked for.</summary>
    public sealed record RegisterReplaced(RegisterChange Change, RegisterRecord Record) : CoordinatorEvent;

    /// <summary>It does not.</summary>
    public sealed record RegisterFailed(RegisterChange Change, CheckpointingException Cause) : CoordinatorEvent;

    /// <summary>Pins of a checkpoint that left the list were looked for, as was asked when so many checkpoints had
    /// ended.</summary>
    public sealed record PinsChecked(CompletedCheckpoint Checkpoint, long EndedCount, bool IsPinned) : CoordinatorEvent;

    /// <summary>The job ends, or leaves for a while.</summary>
    public sealed record Ending(JobTermination Termination) : CoordinatorEvent;
}

/// <summary>Checkpoints that left the list in an older epoch, and that somebody may still read from.</summary>
/// <param name="Loaded">They own their shared files until the pin goes.</param>
/// <param name="Unreadable">Folders of those that cannot be read now: nothing is deleted meanwhile.</param>
/// <param name="Claimed">Pinned, in our folder, but another job's by claim: theirs to let go, ours not to
/// sweep.</param>
internal sealed record LeavingCheckpoints(
    IReadOnlyList<CompletedCheckpoint> Loaded,
    IReadOnlyList<string> Unreadable,
    IReadOnlyList<CompletedCheckpoint> Claimed)
{
    public static LeavingCheckpoints None { get; } = new([], [], []);
}

/// <summary>A change of the record that the core wants; worked out against the record of the moment it is its
/// turn.</summary>
internal abstract record RegisterChange
{
    /// <summary>Names a checkpoint: the commit point.</summary>
    public sealed record Add(PendingCheckpoint Pending) : RegisterChange;

    /// <summary>Reserves ids.</summary>
    public sealed record ReserveIds : RegisterChange;

    /// <summary>The job ended: drops checkpoints that do not stay.</summary>
    public sealed record Drop(IReadOnlyList<CompletedCheckpoint> Checkpoints) : RegisterChange;
}
