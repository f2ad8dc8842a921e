using Checkpointing.CompletedCheckpoints;
using Checkpointing.Diagnostics;
using Checkpointing.StateHandles;
using Microsoft.Extensions.Logging;

namespace Checkpointing.Coordination;

/// <summary>Log lines of coordination, shared state and stores.</summary>
internal static partial class CoordinatorLog
{
    [LoggerMessage(EventId = CheckpointingEventIds.CheckpointTriggered, Level = LogLevel.Debug,
        Message = "Job '{Job}': checkpoint {CheckpointId} ({Kind}) triggered, base {BaseId}")]
    public static partial void CheckpointTriggered(
        this ILogger logger, JobId job, long checkpointId, CheckpointKind kind, long baseId);

    [LoggerMessage(EventId = CheckpointingEventIds.CheckpointCompleted, Level = LogLevel.Information,
        Message = "Job '{Job}': checkpoint {CheckpointId} completed: {StateSizeBytes} bytes, "
            + "{NewBytes} of them new ({Transfers}), in {DurationMs} ms")]
    public static partial void CheckpointCompleted(
        this ILogger logger, JobId job, long checkpointId, long stateSizeBytes, long newBytes,
        TransferCounts transfers, double durationMs);

    [LoggerMessage(EventId = CheckpointingEventIds.CheckpointAborted, Level = LogLevel.Warning,
        Message = "Job '{Job}': checkpoint {CheckpointId} aborted ({Reason}): {Detail}")]
    public static partial void CheckpointAborted(
        this ILogger logger, JobId job, long checkpointId, CheckpointFailureReason reason, string detail);

    [LoggerMessage(EventId = CheckpointingEventIds.SubtaskAcknowledged, Level = LogLevel.Debug,
        Message = "{Subtask} acknowledged checkpoint {CheckpointId}; {MissingCount} missing")]
    public static partial void SubtaskAcknowledged(
        this ILogger logger, SubtaskAddress subtask, long checkpointId, int missingCount);

    [LoggerMessage(EventId = CheckpointingEventIds.StaleMessageDropped, Level = LogLevel.Debug,
        Message = "Message of {Subtask} about checkpoint {CheckpointId} dropped: {Why}")]
    public static partial void StaleMessageDropped(
        this ILogger logger, SubtaskAddress subtask, long checkpointId, string why);

    [LoggerMessage(EventId = CheckpointingEventIds.SubtaskFinished, Level = LogLevel.Information,
        Message = "{Subtask} has finished: {FinishedCount} of {SubtaskCount} subtasks")]
    public static partial void SubtaskFinished(
        this ILogger logger, SubtaskAddress subtask, int finishedCount, int subtaskCount);

    [LoggerMessage(EventId = CheckpointingEventIds.HookStateLeftBehind, Level = LogLevel.Warning,
        Message = "Job '{Job}': checkpoint {CheckpointId} holds state of hook '{Hook}', which is not there; it "
            + "is left behind")]
    public static partial void HookStateLeftBehind(this ILogger logger, JobId job, long checkpointId, string hook);

    [LoggerMessage(EventId = CheckpointingEventIds.OperatorLeftBehind, Level = LogLevel.Warning,
        Message = "Job '{Job}': checkpoint {CheckpointId} holds state of operator '{Operator}', which the program does "
            + "not have; it is left behind")]
    public static partial void OperatorLeftBehind(
        this ILogger logger, JobId job, long checkpointId, string @operator);

    [LoggerMessage(EventId = CheckpointingEventIds.CoordinatorFenced, Level = LogLevel.Error,
        Message = "Job '{Job}': epoch {Epoch} is fenced: another process has taken over. Stop this one")]
    public static partial void CoordinatorFenced(this ILogger logger, JobId job, long epoch);

    [LoggerMessage(EventId = CheckpointingEventIds.EpochTaken, Level = LogLevel.Information,
        Message = "Job '{Job}': epoch {Epoch} taken by {Holder}")]
    public static partial void EpochTaken(this ILogger logger, JobId job, long epoch, string holder);

    [LoggerMessage(EventId = CheckpointingEventIds.CheckpointSubsumed, Level = LogLevel.Debug,
        Message = "Job '{Job}': checkpoint {CheckpointId} subsumed")]
    public static partial void CheckpointSubsumed(this ILogger logger, JobId job, long checkpointId);

    [LoggerMessage(EventId = CheckpointingEventIds.CheckpointRecovered, Level = LogLevel.Information,
        Message = "Job '{Job}': {Count} completed checkpoints recovered, newest {CheckpointId}")]
    public static partial void CheckpointsRecovered(this ILogger logger, JobId job, int count, long checkpointId);

    [LoggerMessage(EventId = CheckpointingEventIds.CheckpointUnreadable, Level = LogLevel.Error,
        Message = "Job '{Job}': checkpoint '{Path}' cannot be read now and is kept; nothing is deleted meanwhile")]
    public static partial void CheckpointUnreadable(this ILogger logger, JobId job, string path, Exception cause);

    [LoggerMessage(EventId = CheckpointingEventIds.RecoveryFellBack, Level = LogLevel.Warning,
        Message = "Job '{Job}' goes on from checkpoint {CheckpointId} of {TriggeredAt:O}: {Count} newer up to "
            + "{NewestId} cannot be read now and are kept; the state is older by {Lost}")]
    public static partial void FellBack(
        this ILogger logger, JobId job, long checkpointId, DateTimeOffset? triggeredAt, int count, long newestId,
        string lost, Exception cause);

    [LoggerMessage(EventId = CheckpointingEventIds.DeletionScheduled, Level = LogLevel.Debug,
        Message = "{Count} files scheduled for deletion, first '{Path}': {Why}")]
    public static partial void DeletionScheduled(this ILogger logger, int count, string path, string why);

    [LoggerMessage(EventId = CheckpointingEventIds.OrphansSwept, Level = LogLevel.Information,
        Message = "Job '{Job}': {Count} orphans of older epochs swept")]
    public static partial void OrphansSwept(this ILogger logger, JobId job, int count);

    [LoggerMessage(EventId = CheckpointingEventIds.SweepRefused, Level = LogLevel.Warning,
        Message = "Job '{Job}': nothing is swept: '{Path}' cannot be read")]
    public static partial void SweepRefused(this ILogger logger, JobId job, string path);

    [LoggerMessage(EventId = CheckpointingEventIds.RetainedFileDamaged, Level = LogLevel.Error,
        Message = "Job '{Job}': the retained file '{Path}' is damaged ({Kind}), which checkpoints {Checkpoints} need: "
            + "{Detail}. Take a canonical savepoint while the job runs")]
    public static partial void RetainedFileDamaged(
        this ILogger logger, JobId job, string path, ScrubProblemKind kind, string checkpoints, string detail);

    [LoggerMessage(EventId = CheckpointingEventIds.ScrubEnded, Level = LogLevel.Information,
        Message = "Job '{Job}': {Files} retained files ({Bytes} bytes) read again, {Problems} damaged")]
    public static partial void ScrubEnded(this ILogger logger, JobId job, int files, long bytes, int problems);
}
