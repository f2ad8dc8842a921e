using System.Text;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.Coordination;

/// <content>Taking over a savepoint, or all that another job has.</content>
/// <remarks>
/// A claim changes two records, and a process may die, or be replaced, between any two of its steps:
/// <list type="number">
/// <item>The claimant's record says what is about to be claimed, with an id of the claim, under its epoch.</item>
/// <item>The claimed job's record hands over, and names that id.</item>
/// <item>The claimant's record lists what was handed over, and names the claim no more.</item>
/// </list>
/// A later epoch of the claimant finds the first step in its record and settles the claim. If the second is there, it
/// makes the third. If not, it puts a fence into the claimed job's record: from then on that refuses the second step
/// under an older epoch. Both are replacements of one record, so one of the two sees the other. Not before the fence is
/// in does the claimant's record forget the claim.
/// </remarks>
public sealed partial class CheckpointCoordinator
{
    private async Task<(RegisterRecord Record, List<CompletedCheckpoint> Claimed)> ClaimJobAsync(
        RegisterRecord record, CompletedCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        var session = new RegisterSession(_store.Register, checkpoint.Job);
        if (await session.ReadAsync(cancellationToken).ConfigureAwait(false) is { } present)
        {
            var owned = await OwnedFolders.FindAsync(_storage, present, [checkpoint], cancellationToken)
                .ConfigureAwait(false);
            owned.CheckAll(checkpoint);

            // No claim of ours is under way: what was handed over was in our list.
            if (present.ClaimedBy == _topology.Job.Name && !present.Retained.Any(r => r.Path == checkpoint.Path)
                && present.HandedOver.Any(r => r.Path == checkpoint.Path))
            {
                throw new CheckpointNotFoundException(
                    checkpoint.Path, [], $"Job '{_topology.Job}' had claimed it, and has dropped it since.");
            }
        }

        Dispatch(new CoordinatorEvent.Resuming());
        record = await _store.ReplaceAsync(
            record with
            {
                PendingClaim = checkpoint.Job.Name, PendingClaimId = _ids.NewGuid(), Token = _ids.NewGuid(),
            },
            cancellationToken).ConfigureAwait(false);
        var theirs = await session.UpdateAsync(
            present => HandOverAsync(present, record, checkpoint, cancellationToken), cancellationToken)
            .ConfigureAwait(false);
        if (!theirs!.IsHandingOverTo(record))
        {
            throw new CheckpointClaimedException(checkpoint.Path, theirs.ClaimedBy ?? checkpoint.Job.Name);
        }

        _archive.RemoveOf(checkpoint.Job);
        record = await ReplaceForResumeAsync(
            record, checkpoint, r => TakeOver(r, theirs), cancellationToken).ConfigureAwait(false);
        var claimed = new List<CompletedCheckpoint>();
        foreach (var retained in theirs.HandedOver)
        {
            claimed.Add(await CheckpointLoader.LoadRetainedAsync(_storage, retained, cancellationToken)
                .ConfigureAwait(false));
        }

        return (record, claimed);
    }

    /// <summary>The other job's record after the claim: fenced, and without checkpoints. Null: nothing is to be
    /// changed, since it was claimed already.</summary>
    /// <param name="present">The other job's record.</param>
    /// <param name="own">This job's, which names the claim.</param>
    /// <param name="checkpoint">The one to go on from.</param>
    /// <param name="cancellationToken">Passed on.</param>
    private async ValueTask<RegisterRecord?> HandOverAsync(
        RegisterRecord? present, RegisterRecord own, CompletedCheckpoint checkpoint,
        CancellationToken cancellationToken)
    {
        if (present is null)
        {
            throw new CheckpointNotFoundException(checkpoint.Path, [], $"Job '{checkpoint.Job}' has no register.");
        }

        if (present.ClaimFences.FirstOrDefault(fence => fence.Claimant == own.Job.Name) is { } fence
            && own.Epoch < fence.Epoch)
        {
            throw new CoordinatorFencedException(own.Job.Name, own.Epoch, fence.Epoch);
        }

        // An answer may have been lost, and what was handed over then is in no other place.
        if (!present.Retained.Any(r => r.Path == checkpoint.Path) || present.IsHandingOverTo(own))
        {
            return null;
        }

        if (await FindClaimUnderWayAsync(present, cancellationToken).ConfigureAwait(false) is { } claimant)
        {
            throw new CheckpointClaimedException(checkpoint.Path, claimant, isUnderWay: true);
        }

        return present with
        {
            Epoch = present.Epoch + 1,

            // A new epoch with ids of its own: metadata of all that were reserved before is an older epoch's.
            FirstIdOfEpoch = present.NextId,
            Holder = $"claimed by '{own.Job}'",
            ClaimedBy = own.Job.Name,
            ClaimId = own.PendingClaimId,
            FormerClaimants = present.Claimants.Where(job => job != own.Job.Name).ToValueList(),
            ClaimedBelowId = present.NextId,

            // Said here, since after a crash nothing else says which one was meant.
            HandedOver = StartingPoint.GoOnFrom(present.Retained, checkpoint.Path),
            HandedOverLeaving = present.Leaving,
            Retained = [],
            Leaving = [],
            Token = _ids.NewGuid(),
        };
    }

    /// <summary>The other claimant that has not taken up yet what the job handed over to it: only this record names
    /// it.</summary>
    private async Task<string?> FindClaimUnderWayAsync(RegisterRecord present, CancellationToken cancellationToken)
    {
        if (present.ClaimedBy is not { } other || other == _topology.Job.Name
            || (present.HandedOver.Count == 0 && present.HandedOverLeaving.Count == 0))
        {
            return null;
        }

        // Once taken up or dropped, this claim is never under way again.
        var claimant = await new RegisterSession(_store.Register, new(other)).ReadAsync(cancellationToken)
            .ConfigureAwait(false);
        return claimant is not null && present.IsHandingOverTo(claimant) ? other : null;
    }

    private static RegisterRecord TakeOver(RegisterRecord own, RegisterRecord theirs) => own with
    {
        PendingClaim = null,
        PendingClaimId = null,
        LineageId = theirs.LineageId,

        // With what the other had claimed before: its checkpoints may use files of those jobs, too.
        Claims = own.Claims.Append(theirs.Job.Name).Concat(theirs.Claims).Distinct().ToValueList(),
        Retained = StartingPoint.Append(own.Retained, theirs.HandedOver),
        Leaving = own.Leaving.Concat(theirs.HandedOverLeaving).DistinctBy(static one => one.Path).ToValueList(),
    };

    /// <summary>Settles a claim that was cut off: finished if the other job has handed over; if not, dropped, behind a
    /// fence.</summary>
    private async Task<RegisterRecord> FinishClaimAsync(RegisterRecord record, CancellationToken cancellationToken)
    {
        var claimed = new JobId(record.PendingClaim!);
        var theirs = await new RegisterSession(_store.Register, claimed).UpdateAsync(
            present => present is null || present.IsHandingOverTo(record)
                ? null
                : RegisterAmendment.Fence(present, record, _ids.NewGuid()),
            cancellationToken).ConfigureAwait(false);
        var isOurs = theirs?.IsHandingOverTo(record) == true;
        if (isOurs)
        {
            _archive.RemoveOf(claimed);
        }

        var next = isOurs ? TakeOver(record, theirs!) : record with { PendingClaim = null, PendingClaimId = null };
        var first = next.Retained.Select(static r => r.Id.Value + 1).Append(record.FirstIdOfEpoch).Max();
        return await _store.ReplaceAsync(
            next with
            {
                NextId = Math.Max(next.NextId, first + CompletedCheckpointStore.IdBlock),
                FirstIdOfEpoch = first,
                Token = _ids.NewGuid(),
            },
            cancellationToken).ConfigureAwait(false);
    }

    private async Task<RegisterRecord> ClaimSavepointAsync(
        RegisterRecord record, CompletedCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        await OwnedFolders.CheckSavepointAsync(checkpoint, HasRegisterAsync).ConfigureAwait(false);
        try
        {
            await _storage.WriteAllAsync(
                OwnedFolders.MarkerOf(checkpoint.Path),
                Encoding.UTF8.GetBytes(_topology.Job.Name),
                cancellationToken).ConfigureAwait(false);
        }
        catch (StoredFileExistsException)
        {
            var owner = await OwnedFolders.ReadMarkerAsync(_storage, checkpoint.Path, cancellationToken)
                .ConfigureAwait(false);
            if (owner != _topology.Job.Name)
            {
                throw new CheckpointClaimedException(checkpoint.Path, owner ?? "another job");
            }
        }

        var bytes = await _storage.ReadAllAsync(checkpoint.MetadataPath, long.MaxValue, cancellationToken)
            .ConfigureAwait(false);
        var retained = new RetainedCheckpoint(
            checkpoint.Id, checkpoint.Path, CheckpointKind.Savepoint, bytes.Length, ContentDigest.Of(bytes))
        {
            TriggeredAt = checkpoint.Metadata.Info?.TriggeredAt,
        };
        return await ReplaceForResumeAsync(
            record,
            checkpoint,
            r => r with { Retained = StartingPoint.Append(r.Retained, [retained]) },
            cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<bool> HasRegisterAsync(string job) =>
        job.Length <= NameRules.MaxLength && await new RegisterSession(_store.Register, new(job))
            .ReadAsync(CancellationToken.None).ConfigureAwait(false) is not null;
}
