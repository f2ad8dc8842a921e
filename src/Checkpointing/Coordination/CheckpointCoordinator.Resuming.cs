using Checkpointing.CompletedCheckpoints;
using Checkpointing.SharedState;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.Coordination;

/// <content>Starting from a given checkpoint, one's own or somebody else's.</content>
public sealed partial class CheckpointCoordinator
{
    /// <summary>Starts from a given checkpoint, of this job or another. Call it after
    /// <see cref="RecoverAsync(bool, CancellationToken)"/>, before the tasks start.</summary>
    /// <remarks>Should it fail after something was changed, <see cref="Start"/> refuses: recover, resume or start over
    /// first.</remarks>
    /// <param name="path">Folder of a checkpoint or savepoint, or its <c>_metadata</c>.</param>
    /// <param name="options">Claim mode and leniency.</param>
    /// <param name="cancellationToken">Observed between steps.</param>
    /// <exception cref="CheckpointNotFoundException">There is none, or its job does not list it; the message names what
    /// is nearby.</exception>
    /// <exception cref="CheckpointCorruptException">Its metadata is damaged.</exception>
    /// <exception cref="StateMigrationException">It does not fit the program.</exception>
    /// <exception cref="CheckpointClaimedException">It was claimed by another job, or is about to be.</exception>
    /// <exception cref="CoordinatorFencedException">Another process has taken over since.</exception>
    /// <exception cref="ForeignPathException">It names files outside the storage or, when it is to be claimed, files
    /// that are not its job's; nothing was opened, claimed or deleted.</exception>
    public async Task<RestoredCheckpoint> ResumeAsync(
        string path, ResumeOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new();
        using var busy = EnterBusy();
        await RecoverIfUnsettledAsync(cancellationToken).ConfigureAwait(false);
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
        Dispatch(new CoordinatorEvent.Resuming());
        return await _store.ReplaceAsync(next, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>An earlier call had begun to change the record, or another job's, and failed: recovery finishes or
    /// drops what was under way.</summary>
    private async Task RecoverIfUnsettledAsync(CancellationToken cancellationToken)
    {
        if (Locked(static core => core.IsUnsettled))
        {
            await RecoverListAsync(cancellationToken).ConfigureAwait(false);
        }
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
}
