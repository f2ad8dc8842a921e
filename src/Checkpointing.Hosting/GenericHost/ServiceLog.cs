using Checkpointing.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Checkpointing.Hosting.GenericHost;

/// <summary>Log of the service that runs jobs: ids 7100 to 7199, never renumbered.</summary>
internal static partial class ServiceLog
{
    [LoggerMessage(EventId = CheckpointingEventIds.SettingIgnored, Level = LogLevel.Warning, Message = "{Sentence}")]
    public static partial void SettingIgnored(this ILogger logger, string sentence);

    [LoggerMessage(EventId = CheckpointingEventIds.JobStartPostponed, Level = LogLevel.Warning,
        Message = "Job '{Job}' could not be started; the next try is in {Pause}")]
    public static partial void JobStartPostponed(this ILogger logger, Exception exception, string job, TimeSpan pause);

    [LoggerMessage(EventId = CheckpointingEventIds.JobFailed, Level = LogLevel.Error,
        Message = "Job '{Job}' failed for good; its checkpoints are kept")]
    public static partial void JobFailed(this ILogger logger, Exception exception, string job);

    [LoggerMessage(EventId = CheckpointingEventIds.SavepointTaken, Level = LogLevel.Information,
        Message = "Savepoint of job '{Job}' before it stops: '{Savepoint}'")]
    public static partial void SavepointTaken(this ILogger logger, string job, string savepoint);

    [LoggerMessage(EventId = CheckpointingEventIds.ShutdownCutOff, Level = LogLevel.Warning,
        Message = "The time to shut down was up before job '{Job}' had done its {Action}; it goes on from its newest "
            + "checkpoint")]
    public static partial void ShutdownCutOff(this ILogger logger, string job, ShutdownAction action);

    [LoggerMessage(EventId = CheckpointingEventIds.ShutdownActionFailed, Level = LogLevel.Error,
        Message = "Job '{Job}' could not do its {Action} at shutdown; it goes on from its newest checkpoint")]
    public static partial void ShutdownActionFailed(
        this ILogger logger, Exception exception, string job, ShutdownAction action);

    [LoggerMessage(EventId = CheckpointingEventIds.JobStopped, Level = LogLevel.Information,
        Message = "Job '{Job}' stopped with the service: {Status}, newest checkpoint '{Checkpoint}'")]
    public static partial void JobStopped(this ILogger logger, string job, JobStatus status, string? checkpoint);
}
