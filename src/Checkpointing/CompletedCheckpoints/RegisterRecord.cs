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

    /// <summary>Completed checkpoints. First those that the job was told to leave, then those that recovery may
    /// restore; both in order of their ids, so the last one is where the job goes on from.</summary>
    public ValueList<RetainedCheckpoint> Retained { get; init; }

    /// <summary>Checkpoints that left the list, and whose files were not let go for certain: another job has pinned
    /// them, a pending checkpoint may point into them, or a crash came between. Recovery never restores them.</summary>
    public ValueList<RetainedCheckpoint> Leaving { get; init; }

    /// <summary>Pins that this job holds on foreign checkpoints: paths of the pin files.</summary>
    public ValueList<string> Pins { get; init; }

    /// <summary>The job whose checkpoints this one is about to claim: set before, cleared when they are in the
    /// list.</summary>
    public string? PendingClaim { get; init; }

    /// <summary>Random id of that claim. Null: an older version of this library wrote the record.</summary>
    public Guid? PendingClaimId { get; init; }

    /// <summary>Jobs whose checkpoints this one has claimed.</summary>
    public ValueList<string> Claims { get; init; }

    /// <summary>The job that has claimed this one's checkpoints; null if none has.</summary>
    public string? ClaimedBy { get; init; }

    /// <summary>The claim by which <see cref="ClaimedBy"/> did: a job may claim another one again, after that was
    /// started again. Null: an older version of this library wrote the record.</summary>
    public Guid? ClaimId { get; init; }

    /// <summary>What <see cref="ClaimedBy"/> took over: its property now.</summary>
    public ValueList<RetainedCheckpoint> HandedOver { get; init; }

    /// <summary>Those of <see cref="Leaving"/> that it took over.</summary>
    public ValueList<RetainedCheckpoint> HandedOverLeaving { get; init; }

    /// <summary>Checkpoints in this job's folder with a lower id belong to <see cref="ClaimedBy"/> and
    /// <see cref="FormerClaimants"/>. 0: none was claimed.</summary>
    public long ClaimedBelowId { get; init; }

    /// <summary>Jobs that had claimed this one's checkpoints before <see cref="ClaimedBy"/> did.</summary>
    public ValueList<string> FormerClaimants { get; init; }

    /// <summary>Claims of this job that come too late, at most one entry a claimant, in order of names.</summary>
    public ValueList<ClaimFence> ClaimFences { get; init; }

    /// <summary>All jobs that have claimed checkpoints of this one.</summary>
    internal IEnumerable<string> Claimants =>
        ClaimedBy is { } last ? FormerClaimants.Append(last).Distinct() : FormerClaimants;

    /// <summary>Unique to the write: tells, after a lost answer, whether it is in.</summary>
    public required Guid Token { get; init; }

    /// <summary>Whether this job has handed over its checkpoints by the claim that is under way at another: they are in
    /// neither list until that one takes them up.</summary>
    /// <param name="claimant">The record of any job.</param>
    public bool IsHandingOverTo(RegisterRecord claimant)
    {
        ArgumentNullException.ThrowIfNull(claimant);
        return ClaimedBy == claimant.Job.Name && claimant.PendingClaim == Job.Name
            && (ClaimId is null || claimant.PendingClaimId is null || ClaimId == claimant.PendingClaimId);
    }

    /// <summary>This record with a fence, should it have none that goes as far.</summary>
    internal RegisterRecord With(params IEnumerable<ClaimFence> fences) => this with
    {
        ClaimFences = ClaimFences.Concat(fences)
            .GroupBy(static fence => fence.Claimant, StringComparer.Ordinal)
            .Select(static same => same.MaxBy(static fence => fence.Epoch)!)
            .OrderBy(static fence => fence.Claimant, StringComparer.Ordinal).ToValueList(),
    };
}

/// <summary>Says in a job's record that its claimant has begun a new epoch and given up what an older one was about to
/// claim: should the older process still live, it claims nothing any more.</summary>
/// <param name="Claimant">Name of the job that was to claim.</param>
/// <param name="Epoch">Its claims that were begun in an older epoch of its own are refused.</param>
public sealed record ClaimFence(string Claimant, long Epoch);

/// <summary>A completed checkpoint in the register: a pointer, nothing more.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Path">Its folder below the storage's root.</param>
/// <param name="Kind">What was asked for.</param>
/// <param name="MetadataBytes">Length of its <c>_metadata</c>.</param>
/// <param name="MetadataDigest">Digest of its <c>_metadata</c>.</param>
public sealed record RetainedCheckpoint(
    CheckpointId Id, string Path, CheckpointKind Kind, long MetadataBytes, ContentDigest MetadataDigest)
{
    /// <summary>Of when its state is: when it was triggered, to the millisecond. Null if an older version of this
    /// library listed it.</summary>
    public DateTimeOffset? TriggeredAt { get; init; }

    /// <summary>Whether the job was told to leave it: it began anew after it, or went on from another one. It is kept
    /// until newer ones push it out and can be resumed from by path, but recovery does not restore it.</summary>
    public bool IsLeftBehind { get; init; }

    /// <summary>Labels that a user has given it since; for people, and for choosing what to forget.</summary>
    public ValueList<string> Tags { get; init; }
}
