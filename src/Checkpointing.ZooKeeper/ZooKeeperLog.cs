using Checkpointing.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Checkpointing.ZooKeeper;

internal static partial class ZooKeeperLog
{
    [LoggerMessage(CheckpointingEventIds.ZooKeeperConnected, LogLevel.Information,
        "Connected to ZooKeeper at {Server}, session 0x{Session:x}")]
    internal static partial void Connected(ILogger logger, string server, long session);

    [LoggerMessage(CheckpointingEventIds.ZooKeeperDisconnected, LogLevel.Warning,
        "ZooKeeper at {Server} {Problem}; trying on")]
    internal static partial void Disconnected(ILogger logger, string server, string problem);

    [LoggerMessage(CheckpointingEventIds.ZooKeeperSessionLost, LogLevel.Warning,
        "ZooKeeper session 0x{Session:x} is lost, and with it this process's place in elections; a new one begins")]
    internal static partial void SessionLost(ILogger logger, long session);

    [LoggerMessage(CheckpointingEventIds.LeadershipGained, LogLevel.Information,
        "Candidate '{Candidate}' leads job '{Job}'")]
    internal static partial void LeadershipGained(ILogger logger, string candidate, string job);

    [LoggerMessage(CheckpointingEventIds.LeadershipLost, LogLevel.Warning,
        "Candidate '{Candidate}' no longer leads job '{Job}'; the epoch decides who may write")]
    internal static partial void LeadershipLost(ILogger logger, string candidate, string job);
}
