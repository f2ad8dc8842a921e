using Checkpointing.Diagnostics;
using Checkpointing.StateHandles;
using Microsoft.Extensions.Logging;

namespace Checkpointing.RocksDb;

/// <summary>Log messages; their ids are in <see cref="CheckpointingEventIds"/>.</summary>
internal static partial class RocksDbLog
{
    [LoggerMessage(CheckpointingEventIds.LinkFellBackToCopy, LogLevel.Warning,
        "'{Path}' could not be hard-linked; it was copied for the snapshot.")]
    internal static partial void PinnedByCopy(this ILogger logger, string path);

    [LoggerMessage(CheckpointingEventIds.StateRestored, LogLevel.Information,
        "Restored {Operator}[{SubtaskIndex}] key groups {Range}: {FileCount} files of {SizeBytes} bytes imported "
        + "({Transfers}).")]
    internal static partial void RestoredByImport(
        this ILogger logger, string @operator, int subtaskIndex, string range, int fileCount, long sizeBytes,
        TransferCounts transfers);

    [LoggerMessage(CheckpointingEventIds.StateRestored, LogLevel.Information,
        "Restored {Operator}[{SubtaskIndex}] key groups {Range}: {RowCount} rows of {HandleCount} handles put "
        + "one by one, because {Reason} ({Transfers}).")]
    internal static partial void RestoredByRows(
        this ILogger logger, string @operator, int subtaskIndex, string range, long rowCount, int handleCount,
        string reason, TransferCounts transfers);

    [LoggerMessage(CheckpointingEventIds.StateRestored, LogLevel.Information,
        "Restored {Operator}[{SubtaskIndex}] key groups {Range} out of {SnapshotCount} snapshots of other key groups: "
        + "{FileCount} files as they are, {SizeBytes} bytes with {PatchCount} patches and {RewriteCount} parts written "
        + "anew, {RowCount} rows in these ({Reason}; {Transfers}).")]
    internal static partial void RestoredByRescale(
        this ILogger logger, string @operator, int subtaskIndex, string range, int snapshotCount, int fileCount,
        long sizeBytes, int patchCount, int rewriteCount, ulong rowCount, string reason, TransferCounts transfers);

    [LoggerMessage(CheckpointingEventIds.ForeignRowsStay, LogLevel.Warning,
        "Foreign rows in '{Path}' stay until RocksDB compacts their files: cleaning up ended early.")]
    internal static partial void CleanupFailed(this ILogger logger, string path, Exception exception);

    [LoggerMessage(CheckpointingEventIds.RestoreVerified, LogLevel.Information,
        "Verified {Operator}[{SubtaskIndex}] behind the running job: {FileCount} restored files of {SizeBytes} bytes "
        + "in {Seconds} s.")]
    internal static partial void VerifiedBehind(
        this ILogger logger, string @operator, int subtaskIndex, int fileCount, long sizeBytes, double seconds);

    [LoggerMessage(CheckpointingEventIds.RestoredFileCorrupt, LogLevel.Error,
        "A file that {Operator}[{SubtaskIndex}] was restored from is not as it was stored. No checkpoint completes any "
        + "more: start the job from a checkpoint that does not need the file.")]
    internal static partial void RestoredFileCorrupt(
        this ILogger logger, string @operator, int subtaskIndex, Exception exception);

    [LoggerMessage(CheckpointingEventIds.WorkingFoldersSwept, LogLevel.Information,
        "Removed {Count} folders of dead processes from '{WorkingDirectory}'.")]
    internal static partial void LeftoversSwept(this ILogger logger, int count, string workingDirectory);

    [LoggerMessage(CheckpointingEventIds.BarrierWaitedForFlush, LogLevel.Warning,
        "The barrier of {Operator}[{SubtaskIndex}] waits for the flush, which blocks the subtask: {Reason}.")]
    internal static partial void BarrierWaits(
        this ILogger logger, string @operator, int subtaskIndex, Snapshots.BarrierPath reason);

    [LoggerMessage(CheckpointingEventIds.StraddlingFilesExported, LogLevel.Debug,
        "Exported {Operator}[{SubtaskIndex}]: {StraddlingCount} of {LiveCount} files straddle the barrier at "
        + "{Sequence}; their rows of before it are in {FileCount} files of {SizeBytes} bytes.")]
    internal static partial void StraddlesExported(
        this ILogger logger, string @operator, int subtaskIndex, int straddlingCount, int liveCount, ulong sequence,
        int fileCount, long sizeBytes);
}
