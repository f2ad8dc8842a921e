using Checkpointing.Storage;

namespace Checkpointing.CompletedCheckpoints;

/// <summary>Medium of the one record a job: read it, or replace it if nobody else has.</summary>
/// <remarks>
/// <para>The record's bytes are opaque here; <see cref="RegisterRecord"/> gives them meaning, and the store's policy is
/// written once above. A medium needs one thing: compare-and-set of a small value by version.</para>
/// <para>All members are safe for concurrent calls.</para>
/// </remarks>
public interface ICheckpointRegister
{
    /// <summary>For people: where this is.</summary>
    string Description { get; }

    /// <summary>Reads the newest version of a job's record; null if the job has none.</summary>
    /// <exception cref="CheckpointStorageUnavailableException">The medium did not answer; retry later.</exception>
    ValueTask<RegisterEntry?> ReadAsync(JobId job, CancellationToken cancellationToken);

    /// <summary>Replaces the record if its version still is the expected one.</summary>
    /// <param name="job">The job.</param>
    /// <param name="expectedVersion">The version that was read; 0 if there was none.</param>
    /// <param name="record">The new bytes; at most 512 KiB.</param>
    /// <param name="cancellationToken">Observed before the write is sent; not after.</param>
    /// <exception cref="CheckpointStorageUnavailableException">The write was definitely not done.</exception>
    ValueTask<RegisterReplacement> TryReplaceAsync(
        JobId job, long expectedVersion, ReadOnlyMemory<byte> record, CancellationToken cancellationToken);

    /// <summary>The policy over this medium, under the name that the field knows.</summary>
    /// <param name="storage">Where the checkpoints are.</param>
    /// <param name="job">The job.</param>
    /// <param name="ids">Makes tokens and ids.</param>
    /// <param name="holder">Who this is; for people.</param>
    CompletedCheckpointStore OpenStore(ICheckpointStorage storage, JobId job, IdSource ids, string holder) =>
        new StandaloneCompletedCheckpointStore(this, storage, job, ids, holder);
}

/// <summary>A version of a record.</summary>
/// <param name="Version">At least 1; grows by one with each replacement.</param>
/// <param name="Record">The bytes.</param>
public sealed record RegisterEntry(long Version, ReadOnlyMemory<byte> Record);

/// <summary>What came of a replacement.</summary>
public enum RegisterReplacement
{
    /// <summary>The record is ours now, durably.</summary>
    Replaced = 0,

    /// <summary>Somebody else had replaced it; nothing was changed.</summary>
    Lost = 1,

    /// <summary>The answer was lost: it may have happened, or may happen still.</summary>
    Unknown = 2,
}
