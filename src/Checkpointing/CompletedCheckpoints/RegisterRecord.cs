using Checkpointing.StateHandles;

namespace Checkpointing.CompletedCheckpoints;

/// <summary>The one record of a job: a checkpoint is completed if and only if it is named here.</summary>
/// <remarks>Small, immutable, replaced as a whole by compare-and-set. See <c>docs/file-format.md</c> for its
/// bytes.</remarks>
public sealed record RegisterRecord
{
    /// <summary>The job.</summary>
    public required JobId Job { get; init; }

    /// <summary>Random id of the job's first start.</summary>
    public required Guid JobUid { get; init; }

    /// <summary>Goes on from a job to one that is resumed from its checkpoint.</summary>
    public required Guid LineageId { get; init; }

    /// <summary>Reign of the coordinator; grows by one with each take-over.</summary>
    public required long Epoch { get; init; }

    /// <summary>Who holds the epoch; for people.</summary>
    public required string Holder { get; init; }

    /// <summary>First id that no epoch has reserved yet. Ids below it are never given again.</summary>
    public required long NextId { get; init; }

    /// <summary>First id that the present epoch may use: metadata of a lower id that nobody names is an older epoch's
    /// orphan.</summary>
    public required long FirstIdOfEpoch { get; init; }

    /// <summary>Checkpoints up to this id are kept until newer ones push them out, but never restored by themselves:
    /// the job
    /// was started over after them. 0: all may be restored.</summary>
    public long RestoreFloor { get; init; }

    /// <summary>Completed checkpoints, oldest first.</summary>
    public ValueList<RetainedCheckpoint> Retained { get; init; }

    /// <summary>Pins that this job holds on foreign checkpoints: paths of the pin files.</summary>
    public ValueList<string> Pins { get; init; }

    /// <summary>The job whose checkpoints this one is about to claim: set before, cleared when they are in the
    /// list.</summary>
    public string? PendingClaim { get; init; }

    /// <summary>Jobs whose checkpoints this one has claimed.</summary>
    public ValueList<string> Claims { get; init; }

    /// <summary>The job that has claimed this one's checkpoints; null if none has.</summary>
    public string? ClaimedBy { get; init; }

    /// <summary>What <see cref="ClaimedBy"/> took over: its property now.</summary>
    public ValueList<RetainedCheckpoint> HandedOver { get; init; }

    /// <summary>Unique to the write: tells, after a lost answer, whether it is in.</summary>
    public required Guid Token { get; init; }
}

/// <summary>A completed checkpoint in the register: a pointer, nothing more.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Path">Its folder below the storage's root.</param>
/// <param name="Kind">What was asked for.</param>
/// <param name="MetadataBytes">Length of its <c>_metadata</c>.</param>
/// <param name="MetadataDigest">Digest of its <c>_metadata</c>.</param>
public sealed record RetainedCheckpoint(
    CheckpointId Id, string Path, CheckpointKind Kind, long MetadataBytes, ContentDigest MetadataDigest);
