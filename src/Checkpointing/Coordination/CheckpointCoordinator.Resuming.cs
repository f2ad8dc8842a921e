using System.Text;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.SharedState;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.Coordination;

/// <content>Starting from a given checkpoint, one's own or somebody else's.</content>
public sealed partial class CheckpointCoordinator
{
    /// <summary>Starts from a given checkpoint, of this job or another. Call it after <see cref="RecoverAsync"/>,
    /// before the tasks start.</summary>
    /// <param name="path">Folder of a checkpoint or savepoint, or its <c>_metadata</c>.</param>
    /// <param name="options">Claim mode and leniency.</param>
    /// <param name="cancellationToken">Observed between steps.</param>
    /// <exception cref="CheckpointNotFoundException">There is none, or its job does not list it; the message names what
    /// is nearby.</exception>
    /// <exception cref="CheckpointCorruptException">Its metadata is damaged.</exception>
    /// <exception cref="StateMigrationException">It does not fit the program.</exception>
    /// <exception cref="CheckpointClaimedException">It was claimed by another job.</exception>
    /// <exception cref="ForeignPathException">It names files outside the storage or, when it is to be claimed, files
    /// that are not its job's; nothing was opened, claimed or deleted.</exception>
    public async Task<RestoredCheckpoint> ResumeAsync(
        string path, ResumeOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new();
        using var busy = EnterBusy();
        var record = await _store.CheckEpochAsync(cancellationToken).ConfigureAwait(false);
        var checkpoint = await CheckpointLoader.LoadAsync(_storage, path, cancellationToken).ConfigureAwait(false);
        var isSavepoint = checkpoint.Properties.Kind == CheckpointKind.Savepoint;
        var isListedHere = record.Retained.Any(r => r.Path == checkpoint.Path);
        var isForeign = !isListedHere && options.ClaimMode == ClaimMode.NoClaim;

        // Checked before anything is changed: a program that does not fit leaves no trace.
        var states = StateAssignment.Assign(checkpoint, _topology, isForeign, options.AllowNonRestoredState);
        options.Check?.Invoke(checkpoint);
        CheckHookStates(checkpoint, options.AllowNonRestoredState);
        var claimed = new List<CompletedCheckpoint>();
        if (isListedHere)
        {
            record = await ReplaceForResumeAsync(
                record,
                checkpoint,
                r => r with { Retained = StartingPoint.GoOnFrom(r.Retained, checkpoint.Path) },
                cancellationToken).ConfigureAwait(false);
        }
        else if (isForeign)
        {
            record = await PinAsync(record, checkpoint, isSavepoint, cancellationToken).ConfigureAwait(false);
        }
        else if (isSavepoint)
        {
            record = await ClaimSavepointAsync(record, checkpoint, cancellationToken).ConfigureAwait(false);
            claimed.Add(checkpoint);
        }
        else
        {
            (record, claimed) = await ClaimJobAsync(record, checkpoint, cancellationToken).ConfigureAwait(false);
        }

        // Before they are listed: otherwise the first incremental checkpoint meets unknown shared state.
        if (!_store.Breach.HasFlag(ProtocolBreach.ListWithoutRegistering))
        {
            claimed.ForEach(c => c.RegisterSharedStatesAfterRestored(Registry));
        }

        var owned = claimed.Count == 0
            ? null
            : await OwnedFolders.FindAsync(_storage, record, claimed, cancellationToken).ConfigureAwait(false);
        var leaving = await TakeUpHandedOverAsync(record, cancellationToken).ConfigureAwait(false);
        Dispatch(new CoordinatorEvent.Resumed(record, claimed, isForeign ? null : checkpoint, owned)
        {
            Leaving = leaving,
            From = checkpoint,
        });
        await RestoreHooksAsync(checkpoint, cancellationToken).ConfigureAwait(false);
        return KeepRestored(new(checkpoint, isForeign, states));
    }

    /// <summary>Ids go on above the checkpoint's, the lineage is taken over, and what was there before is not restored
    /// by itself.</summary>
    private async Task<RegisterRecord> ReplaceForResumeAsync(
        RegisterRecord record,
        CompletedCheckpoint checkpoint,
        Func<RegisterRecord, RegisterRecord> change,
        CancellationToken cancellationToken)
    {
        // Above all in the list, too: a claimed job's newer ones are in it although the job does not go on from them.
        var next = change(record);
        var first = next.Retained.Select(static one => one.Id).Append(checkpoint.Id)
            .Select(static id => id.Value + 1).Append(record.FirstIdOfEpoch).Max();
        next = next with
        {
            LineageId = checkpoint.Metadata.Info!.LineageId,
            NextId = Math.Max(record.NextId, first + CompletedCheckpointStore.IdBlock),
            FirstIdOfEpoch = first,
            Token = _ids.NewGuid(),
        };
        return await _store.ReplaceAsync(next, cancellationToken).ConfigureAwait(false);
    }

    private async Task<RegisterRecord> PinAsync(
        RegisterRecord record, CompletedCheckpoint checkpoint, bool isSavepoint, CancellationToken cancellationToken)
    {
        // A savepoint is the user's, and nobody deletes it: no pin.
        var pin = record.Pins.FirstOrDefault(p => CheckpointPins.CheckpointOf(p) == checkpoint.Path)
            ?? CheckpointPins.NewPath(checkpoint.Path, _ids);
        record = await ReplaceForResumeAsync(
            record,
            checkpoint,
            r => r with
            {
                Retained = StartingPoint.LeaveAll(r.Retained),
                Pins = isSavepoint || r.Pins.Contains(pin) ? r.Pins : r.Pins.Append(pin).ToValueList(),
            },
            cancellationToken).ConfigureAwait(false);
        if (isSavepoint)
        {
            return record;
        }

        await CheckpointPins.WriteAsync(_storage, pin, _topology.Job, cancellationToken).ConfigureAwait(false);
        var listed = await FindListingAsync(checkpoint, cancellationToken).ConfigureAwait(false);
        if (listed is null)
        {
            await _cleaner.DeleteAsync([pin]).ConfigureAwait(false);
            throw new CheckpointNotFoundException(
                checkpoint.Path, [], $"It was written by job '{checkpoint.Job}', but no register lists it: "
                + "it was never completed, or it was dropped.");
        }

        return record;
    }

    /// <summary>The record that lists a checkpoint: its own job's, or that of the job which claimed it.</summary>
    private async Task<RegisterRecord?> FindListingAsync(
        CompletedCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        const int MaxClaims = 64;
        var seen = new HashSet<string> { checkpoint.Job.Name };
        var jobs = new Queue<string>(seen);
        while (seen.Count <= MaxClaims && jobs.TryDequeue(out var job))
        {
            var record = await new RegisterSession(_store.Register, new(job)).ReadAsync(cancellationToken)
                .ConfigureAwait(false);
            if (record?.Retained.Any(r => r.Path == checkpoint.Path) == true)
            {
                return record;
            }

            // A job may have been claimed, started again, and been claimed by another.
            foreach (var claimant in record?.Claimants.Where(seen.Add) ?? [])
            {
                jobs.Enqueue(claimant);
            }
        }

        return null;
    }

    private async Task<(RegisterRecord Record, List<CompletedCheckpoint> Claimed)> ClaimJobAsync(
        RegisterRecord record, CompletedCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        var session = new RegisterSession(_store.Register, checkpoint.Job);
        if (await session.ReadAsync(cancellationToken).ConfigureAwait(false) is { } present)
        {
            var owned = await OwnedFolders.FindAsync(_storage, present, [checkpoint], cancellationToken)
                .ConfigureAwait(false);
            owned.CheckAll(checkpoint);
            if (present.ClaimedBy == _topology.Job.Name && record.PendingClaim != checkpoint.Job.Name
                && !present.Retained.Any(r => r.Path == checkpoint.Path)
                && present.HandedOver.Any(r => r.Path == checkpoint.Path))
            {
                throw new CheckpointNotFoundException(
                    checkpoint.Path, [], $"Job '{_topology.Job}' had claimed it, and has dropped it since.");
            }
        }

        // The intent first: after a crash between the two registers, recovery finishes or drops the claim.
        record = await _store.ReplaceAsync(
            record with { PendingClaim = checkpoint.Job.Name, Token = _ids.NewGuid() }, cancellationToken)
                .ConfigureAwait(false);
        var theirs = await session.UpdateAsync(present => HandOver(present, checkpoint), cancellationToken)
            .ConfigureAwait(false);
        Claim(theirs!, checkpoint);
        _archive.RemoveOf(checkpoint.Job);
        record = await ReplaceForResumeAsync(
            record, checkpoint, r => TakeOver(r, theirs!), cancellationToken).ConfigureAwait(false);
        var claimed = new List<CompletedCheckpoint>();
        foreach (var retained in theirs!.HandedOver)
        {
            claimed.Add(await CheckpointLoader.LoadRetainedAsync(_storage, retained, cancellationToken)
                .ConfigureAwait(false));
        }

        return (record, claimed);
    }

    private void Claim(RegisterRecord theirs, CompletedCheckpoint checkpoint)
    {
        if (theirs.ClaimedBy != _topology.Job.Name || !theirs.HandedOver.Any(r => r.Path == checkpoint.Path))
        {
            throw new CheckpointClaimedException(checkpoint.Path, theirs.ClaimedBy ?? checkpoint.Job.Name);
        }
    }

    /// <summary>The other job's record after the claim: fenced, and without checkpoints. Null: it cannot be
    /// claimed.</summary>
    private RegisterRecord? HandOver(RegisterRecord? present, CompletedCheckpoint checkpoint)
    {
        if (present is null)
        {
            throw new CheckpointNotFoundException(checkpoint.Path, [], $"Job '{checkpoint.Job}' has no register.");
        }

        if (!present.Retained.Any(r => r.Path == checkpoint.Path))
        {
            // Claimed already, by us in an earlier try, or by somebody else.
            return null;
        }

        return present with
        {
            Epoch = present.Epoch + 1,

            // A new epoch with ids of its own: metadata of all that were reserved before is an older epoch's.
            FirstIdOfEpoch = present.NextId,
            Holder = $"claimed by '{_topology.Job}'",
            ClaimedBy = _topology.Job.Name,
            FormerClaimants = present.Claimants.Where(job => job != _topology.Job.Name).ToValueList(),
            ClaimedBelowId = present.NextId,

            // Said here, since after a crash nothing else says which one was meant.
            HandedOver = StartingPoint.GoOnFrom(present.Retained, checkpoint.Path),
            HandedOverLeaving = present.Leaving,
            Retained = [],
            Leaving = [],
            Token = _ids.NewGuid(),
        };
    }

    private static RegisterRecord TakeOver(RegisterRecord own, RegisterRecord theirs) => own with
    {
        PendingClaim = null,
        LineageId = theirs.LineageId,

        // With what the other had claimed before: its checkpoints may use files of those jobs, too.
        Claims = own.Claims.Append(theirs.Job.Name).Concat(theirs.Claims).Distinct().ToValueList(),
        Retained = StartingPoint.Append(own.Retained, theirs.HandedOver),
        Leaving = own.Leaving.Concat(theirs.HandedOverLeaving).DistinctBy(static one => one.Path).ToValueList(),
    };

    /// <summary>A claim that a crash cut off: finished if the other job's record names us, dropped if not.</summary>
    private async Task<RegisterRecord> FinishClaimAsync(RegisterRecord record, CancellationToken cancellationToken)
    {
        var session = new RegisterSession(_store.Register, new(record.PendingClaim!));
        var theirs = await session.ReadAsync(cancellationToken).ConfigureAwait(false);
        var next = theirs?.ClaimedBy == record.Job.Name ? TakeOver(record, theirs)
            : record with { PendingClaim = null };
        if (next.Claims.Count > record.Claims.Count)
        {
            _archive.RemoveOf(new(record.PendingClaim!));
        }

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
