using Checkpointing.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Checkpointing.Hosting.Execution;

/// <summary>Log of the host: ids 7000 to 7999, never renumbered.</summary>
internal static partial class HostLog
{
    [LoggerMessage(EventId = CheckpointingEventIds.AttemptStarted, Level = LogLevel.Information,
        Message = "Job '{Job}' runs: epoch {Epoch}, attempt {Attempt}, {SubtaskCount} subtasks, restored from "
            + "{RestoredFrom} in {DurationMs} ms")]
    public static partial void AttemptStarted(
        this ILogger logger, string job, long epoch, int attempt, int subtaskCount, string restoredFrom,
        double durationMs);

    [LoggerMessage(EventId = CheckpointingEventIds.SubtaskFailed, Level = LogLevel.Warning,
        Message = "{Subtask} of job '{Job}' failed")]
    public static partial void SubtaskFailed(this ILogger logger, Exception exception, string job, string subtask);

    [LoggerMessage(EventId = CheckpointingEventIds.JobRestarting, Level = LogLevel.Warning,
        Message = "Job '{Job}' is restarted for the {RestartCount}. time after {Delay}")]
    public static partial void JobRestarting(this ILogger logger, string job, int restartCount, TimeSpan delay);

    [LoggerMessage(EventId = CheckpointingEventIds.JobEnded, Level = LogLevel.Information,
        Message = "Job '{Job}' ended: {Termination}")]
    public static partial void JobEnded(this ILogger logger, string job, JobTermination termination);

    [LoggerMessage(EventId = CheckpointingEventIds.WorkFailed, Level = LogLevel.Error,
        Message = "Background work '{Name}' failed")]
    public static partial void WorkFailed(this ILogger logger, Exception exception, string name);

    [LoggerMessage(EventId = CheckpointingEventIds.WorkDidNotStop, Level = LogLevel.Error,
        Message = "Work was told to stop and still runs after {Limit}: {Names}")]
    public static partial void WorkDidNotStop(this ILogger logger, TimeSpan limit, string names);

    [LoggerMessage(EventId = CheckpointingEventIds.AnswerFailed, Level = LogLevel.Warning,
        Message = "{Subtask} could not answer for checkpoint {CheckpointId}")]
    public static partial void AnswerFailed(
        this ILogger logger, Exception exception, string subtask, long checkpointId);

    [LoggerMessage(EventId = CheckpointingEventIds.SnapshotFailed, Level = LogLevel.Warning,
        Message = "{Subtask} declined checkpoint {CheckpointId}")]
    public static partial void SnapshotFailed(
        this ILogger logger, Exception exception, string subtask, long checkpointId);

    [LoggerMessage(EventId = CheckpointingEventIds.OperatorFinished, Level = LogLevel.Information,
        Message = "Operator '{Operator}' of job '{Job}' has finished: its input has ended, and all it did is in a "
            + "checkpoint")]
    public static partial void OperatorFinished(this ILogger logger, string @operator, string job);

    [LoggerMessage(EventId = CheckpointingEventIds.OperatorHadFinished, Level = LogLevel.Information,
        Message = "Operator '{Operator}' of job '{Job}' had finished before '{RestoredFrom}' and does not start again")]
    public static partial void OperatorHadFinished(
        this ILogger logger, string @operator, string job, string? restoredFrom);

    [LoggerMessage(EventId = CheckpointingEventIds.CleanUpFailed, Level = LogLevel.Warning,
        Message = "Clean-up of job '{Job}' failed; the next start takes what is left")]
    public static partial void CleanUpFailed(this ILogger logger, Exception exception, string job);
}
