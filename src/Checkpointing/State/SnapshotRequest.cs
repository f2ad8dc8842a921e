using Checkpointing.KeyGroups;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.State;

/// <summary>One request for a snapshot, as the trigger message carries it.</summary>
public sealed record SnapshotRequest
{
    /// <summary>The checkpoint.</summary>
    public required CheckpointId CheckpointId { get; init; }

    /// <summary>What is asked for.</summary>
    public required CheckpointKind Kind { get; init; }

    /// <summary>For a savepoint: how keyed state is to be stored. A backend that has no native form stores the
    /// canonical one. Default: <see cref="SavepointFormat.Canonical"/>.</summary>
    public SavepointFormat Format { get; init; }

    /// <summary>The newest confirmed checkpoint: the only one whose files a placeholder may name. Null: send
    /// everything.</summary>
    public required CheckpointId? Base { get; init; }

    /// <summary>The job.</summary>
    public required JobId Job { get; init; }

    /// <summary>Epoch of the coordinator.</summary>
    public required long Epoch { get; init; }

    /// <summary>Attempt of the job within the epoch.</summary>
    public required int Attempt { get; init; }

    /// <summary>Folder for files of this checkpoint alone. For a savepoint: its folder, and all handles are relative to
    /// it.</summary>
    public required string ExclusiveFolder { get; init; }

    /// <summary>The savepoint that the job is to end with, and how; null for all else.</summary>
    /// <remarks>With <see cref="StopMode.Drain"/> sources end their input before the barrier. After its snapshot a
    /// subtask handles no further element until it hears of this savepoint: <em>completed</em> with the same mode means
    /// commit and end; <em>aborted</em> means go on, if nothing was drained. What was drained has fired its timers, so
    /// after that the host begins the next attempt from the newest checkpoint, as after a failure.</remarks>
    public StopMode? Stop { get; init; }

    /// <summary>When the checkpoint was triggered, by the coordinator's clock. Default: not known.</summary>
    public DateTimeOffset TriggeredAt { get; init; }

    /// <summary>W3C trace context (<c>traceparent</c>) of the checkpoint's span: spans of subtasks join it, on any
    /// machine. Default: null, nobody traces.</summary>
    public string? TraceParent { get; init; }

    /// <summary>Set by the host of a subtask with inputs, for that subtask only: when the first barrier came, after
    /// <see cref="TriggeredAt"/>. Default: null, the subtask takes the moment of its snapshot.</summary>
    public TimeSpan? StartDelay { get; init; }

    /// <summary>Set by the host of a subtask with several inputs, for that subtask only: from the first barrier to the
    /// last. Default: zero.</summary>
    public TimeSpan Alignment { get; init; }

    /// <summary>Path for a new file of this checkpoint alone.</summary>
    public string NewExclusivePath(IdSource ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        return StoragePath.Combine(ExclusiveFolder, CheckpointLayout.FileName(Epoch, Attempt, ids.NewGuid()));
    }

    /// <summary>Path for a new shared file; the path is its key.</summary>
    public string NewSharedPath(Guid backendId, KeyGroupRange range, IdSource ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        return StoragePath.Combine(
            CheckpointLayout.SharedFolder(Job, backendId, range),
            CheckpointLayout.FileName(Epoch, Attempt, ids.NewGuid()));
    }

    /// <summary>The handle of a file that was written below <see cref="ExclusiveFolder"/>: in a savepoint relative to
    /// that
    /// folder, so that it can be moved as a whole.</summary>
    public StreamStateHandle NewExclusiveHandle(string path, long sizeBytes, ContentDigest digest)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Kind == CheckpointKind.Savepoint
            ? new RelativeFileStateHandle(path[ExclusiveFolder.Length..].TrimStart('/'), sizeBytes, digest)
            : new FileStateHandle(path, sizeBytes, digest);
    }
}
