using Checkpointing.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Checkpointing.CompletedCheckpoints;

internal static partial class CleanerLog
{
    [LoggerMessage(EventId = CheckpointingEventIds.DeletionFailed, Level = LogLevel.Warning,
        Message = "'{Path}' could not be deleted; the sweep of the next start takes it")]
    internal static partial void DeletionFailed(ILogger logger, string path, Exception? cause);
}
