using Checkpointing.CompletedCheckpoints;
using Checkpointing.Metadata;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.Inspection;

/// <summary>How a checkpoint that was found on storage stands.</summary>
public enum StoredCheckpointStatus
{
    /// <summary>A register lists it: it is completed.</summary>
    Retained = 0,

    /// <summary>A savepoint that no register lists: it is its user's.</summary>
    Savepoint = 1,

    /// <summary>No register lists it, but a job that started from it still reads from it.</summary>
    Pinned = 2,

    /// <summary>Its job's register was handed over to a claimant that has not taken it up yet.</summary>
    HandedOver = 3,

    /// <summary>It left a register's list, and its files were not let go for certain: a pending checkpoint may point
    /// into them.</summary>
    Leaving = 6,

    /// <summary>No register lists it: it was never completed, or was dropped.</summary>
    Unlisted = 4,

    /// <summary>Flink wrote it.</summary>
    Flink = 5,
}

/// <summary>A checkpoint as it was found on storage.</summary>
/// <param name="Path">Its folder below the storage's root.</param>
/// <param name="Status">How it stands.</param>
public sealed record StoredCheckpoint(string Path, StoredCheckpointStatus Status)
{
    /// <summary>The job whose register lists it; null if none does.</summary>
    public JobId? ListedBy { get; init; }

    /// <summary>The job that wrote it; null if its metadata cannot be read or is Flink's.</summary>
    public JobId? Job { get; init; }

    /// <summary>Its id; null if it has none that can be read.</summary>
    public CheckpointId? Id { get; init; }

    /// <summary>What was asked for; null if that cannot be read.</summary>
    public CheckpointKind? Kind { get; init; }

    /// <summary>A user's labels, from metadata and register.</summary>
    public ValueList<string> Tags { get; init; }

    /// <summary>What its metadata says; null if it cannot be read.</summary>
    public CheckpointMetadata? Metadata { get; init; }

    /// <summary>Why its metadata cannot be read; null if it can.</summary>
    public CheckpointingException? Problem { get; init; }

    /// <summary>Length of its metadata in bytes; 0 if it is not there.</summary>
    public long MetadataBytes { get; init; }

    /// <summary>Its files, the metadata first, each path once; empty if its metadata cannot be read.</summary>
    public IReadOnlyList<CheckpointFile> Files { get; init; } = [];

    /// <summary>Bytes behind all its files, metadata included.</summary>
    public long Bytes => Files.Sum(static file => file.Bytes);

    /// <summary>Bytes that were stored for it; the rest it uses from earlier checkpoints. As the metadata says where
    /// it does; a handle that does not say counts in full.</summary>
    public long NewBytes => Math.Min(Bytes, MetadataBytes + (Metadata is null ? 0 : Metadata.Operators
        .SelectMany(static one => one.Subtasks).SelectMany(static subtask => subtask.Handles).Sum(NewBytesOf)));

    /// <summary>When it was triggered; null where the format does not say.</summary>
    public DateTimeOffset? TriggeredAt => Metadata?.Info?.TriggeredAt;

    /// <summary>From the trigger to the last acknowledgement; null where the format does not say.</summary>
    public TimeSpan? Duration => Metadata?.Info is { } info ? info.CompletedAt - info.TriggeredAt : null;

    /// <summary>Path of its metadata.</summary>
    public string MetadataPath => StoragePath.Combine(Path, CheckpointLayout.MetadataName);

    /// <summary>Whether something rules out that its files go.</summary>
    internal bool IsKept => Status is not (StoredCheckpointStatus.Unlisted or StoredCheckpointStatus.Flink);

    private static long NewBytesOf(StateHandle handle) => handle switch
    {
        IncrementalKeyedStateHandle { CheckpointedSizeBytes: >= 0 } incremental => incremental.CheckpointedSizeBytes,
        _ => Math.Max(0, handle.SizeBytes),
    };
}

/// <summary>A job that was found on storage.</summary>
/// <param name="Job">The job.</param>
/// <param name="Record">Its register's record; null if it has none here, or it cannot be read.</param>
/// <param name="Problem">Why the record cannot be read; null if it can, or there is none.</param>
public sealed record StoredJob(JobId Job, RegisterRecord? Record, CheckpointingException? Problem);

/// <summary>A mark that keeps a checkpoint for a job that started from it.</summary>
/// <param name="Path">The pin's file.</param>
/// <param name="Checkpoint">Folder of the checkpoint.</param>
/// <param name="Holder">The job that holds it; null if the file cannot be read.</param>
/// <param name="IsStale">Whether the holder's register no longer names it: then it keeps nothing.</param>
public sealed record StoredPin(string Path, string Checkpoint, string? Holder, bool IsStale);

/// <summary>A savepoint or a whole job that another job has taken over.</summary>
/// <param name="What">Folder of the savepoint, or name of the job.</param>
/// <param name="IsSavepoint">Which of the two.</param>
/// <param name="ClaimedBy">The job that has.</param>
public sealed record StoredClaim(string What, bool IsSavepoint, string ClaimedBy);
