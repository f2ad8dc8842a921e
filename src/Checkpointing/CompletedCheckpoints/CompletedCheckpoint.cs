using Checkpointing.Metadata;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.CompletedCheckpoints;

/// <summary>A checkpoint that is durable: named by the register, restorable after any crash.</summary>
/// <param name="Job">The job that made it.</param>
/// <param name="Id">Its id.</param>
/// <param name="Path">Its folder below the storage's root; what a user passes to resume from it.</param>
/// <param name="Metadata">All its handles.</param>
/// <param name="Properties">Kind and retention.</param>
public sealed record CompletedCheckpoint(
    JobId Job, CheckpointId Id, string Path, CheckpointMetadata Metadata, CheckpointProperties Properties)
{
    /// <summary>What it stored and what it used again; zero for a checkpoint that was recovered.</summary>
    public SnapshotCost Cost { get; init; }

    /// <summary>From trigger to durable; zero for a checkpoint that was recovered.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Bytes stored for this checkpoint.</summary>
    public long NewBytes => Cost.NewBytes;

    /// <summary>Bytes of earlier checkpoints that this one uses again.</summary>
    public long ReusedBytes => Cost.ReusedBytes;

    /// <summary>Path of its metadata file.</summary>
    public string MetadataPath => StoragePath.Combine(Path, CheckpointLayout.MetadataName);
}
