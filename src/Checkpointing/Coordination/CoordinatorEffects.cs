using Checkpointing.CompletedCheckpoints;
using Checkpointing.Metadata;
using Checkpointing.Statistics;

namespace Checkpointing.Coordination;

/// <summary>What a coordinator wants done. The shell carries effects out, those of one kind in their order.</summary>
internal abstract record CoordinatorEffect
{
    /// <summary>Send triggers.</summary>
    public sealed record SendTriggers(CheckpointId Id, IReadOnlyList<TriggerCheckpoint> Messages) : CoordinatorEffect;

    /// <summary>Ask the hooks for their state.</summary>
    public sealed record CallHooks(CheckpointId Id, DateTimeOffset TriggeredAt) : CoordinatorEffect;

    /// <summary>Send notices of completion, then answer those who wait.</summary>
    public sealed record SendCompleted(
        IReadOnlyList<CheckpointCompleted> Messages,
        CompletedCheckpoint Checkpoint,
        IReadOnlyList<TaskCompletionSource<CompletedCheckpoint>> Replies) : CoordinatorEffect;

    /// <summary>Send notices of abortion, then answer those who wait.</summary>
    public sealed record SendAborted(
        IReadOnlyList<CheckpointAborted> Messages,
        CheckpointingException Cause,
        IReadOnlyList<TaskCompletionSource<CompletedCheckpoint>> Replies) : CoordinatorEffect;

    /// <summary>Write and sync metadata, after syncing the folders of everything that it names.</summary>
    public sealed record WriteMetadata(
        CheckpointId Id, string Folder, CheckpointMetadata Metadata, CompletedCheckpoint Completed) : CoordinatorEffect;

    /// <summary>Replace the register's record.</summary>
    public sealed record ReplaceRegister(RegisterChange Change, RegisterRecord Record) : CoordinatorEffect;

    /// <summary>Look for pins of a checkpoint that left the list; so many checkpoints had ended by then.</summary>
    public sealed record CheckPins(CompletedCheckpoint Checkpoint, long EndedCount) : CoordinatorEffect;

    /// <summary>Delete files, in this order. They are unreachable for ever.</summary>
    public sealed record Delete(IReadOnlyList<string> Paths, string Why) : CoordinatorEffect;

    /// <summary>Delete our pins on a foreign checkpoint.</summary>
    public sealed record RemovePins(IReadOnlyList<string> Paths) : CoordinatorEffect;

    /// <summary>Raise <see cref="CoordinatorEvent.TimePassed"/> at this time; null: not at all.</summary>
    public sealed record SetTimer(DateTimeOffset? At) : CoordinatorEffect;

    /// <summary>The coordinator can no longer do its work.</summary>
    public sealed record Fail(CheckpointingException Cause) : CoordinatorEffect;

    /// <summary>Something happened that statistics, metrics and traces are made of.</summary>
    public sealed record Report(StatisticsEvent Happened) : CoordinatorEffect;

    /// <summary>Write a line to the log.</summary>
    public sealed record Log(Action<Microsoft.Extensions.Logging.ILogger> Write) : CoordinatorEffect;
}
