using Checkpointing.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Checkpointing.Statistics;

internal static partial class StatisticsLog
{
    [LoggerMessage(EventId = CheckpointingEventIds.StatisticsNotStored, Level = LogLevel.Warning,
        Message = "Job '{Job}': statistics cannot be stored now; checkpoints go on. Said once until it works again")]
    public static partial void StatisticsNotStored(this ILogger logger, JobId job, Exception cause);

    [LoggerMessage(EventId = CheckpointingEventIds.StatisticsUnreadable, Level = LogLevel.Warning,
        Message = "Job '{Job}': {Count} stored segments of statistics cannot be read and are left out, first '{Path}'")]
    public static partial void StatisticsUnreadable(
        this ILogger logger, JobId job, int count, string path, Exception cause);
}
