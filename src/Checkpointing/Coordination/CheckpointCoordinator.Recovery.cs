using Checkpointing.CompletedCheckpoints;
using Checkpointing.SharedState;
using Checkpointing.Storage;

namespace Checkpointing.Coordination;

/// <content>Taking the epoch, finding one's own newest checkpoint, sweeping.</content>
public sealed partial class CheckpointCoordinator
{
    /// <summary>Takes the epoch (first call), aborts what is pending, begins the next attempt, registers shared state
    /// again and
    /// gives this job's newest completed checkpoint; null if it has none.</summary>
    /// <remarks>The first call sweeps orphans of older epochs out of the job's folder. If the newest checkpoint cannot
    /// be read
    /// now, <see cref="CheckpointCoordinatorOptions.UnreadableCheckpoints"/> says what happens; it is kept in any case,
    /// and recovery deletes nothing then.</remarks>
    /// <param name="allowNonRestoredState">Leave stored operators that the program does not have behind, instead of
    /// refusing.</param>
    /// <param name="cancellationToken">Observed between steps.</param>
    /// <exception cref="CoordinatorFencedException">Another process has taken over since.</exception>
    /// <exception cref="CheckpointingException">The job has checkpoints, but none can be read now.</exception>
    /// <exception cref="UnreadableCheckpointException">The newest cannot be read now, and falling back is not
    /// allowed.</exception>
    /// <exception cref="StateMigrationException">The checkpoint does not fit the program.</exception>
    public async Task<RestoredCheckpoint?> RecoverAsync(
        bool allowNonRestoredState = false, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        using var busy = EnterBusy();
        Dispatch(new CoordinatorEvent.AttemptEnded());
        await WhenQuietAsync().WaitAsync(cancellationToken).ConfigureAwait(false);

        var orphanCandidates = _store.Epoch == 0 ? await TakeEpochAsync(cancellationToken).ConfigureAwait(false) : [];
        var record = await _store.CheckEpochAsync(cancellationToken).ConfigureAwait(false);
        if (record.PendingClaim is not null)
        {
            record = await FinishClaimAsync(record, cancellationToken).ConfigureAwait(false);
        }

        var known = Retained;
        var registry = new SharedStateRegistry(_logger);
        var found = await _store.RecoverAsync(registry, cancellationToken).ConfigureAwait(false);
        foreach (var unreadable in found.Unreadable)
        {
            _logger.CheckpointUnreadable(_topology.Job, unreadable.Checkpoint.Path, unreadable.Cause);
        }

        var pinned = await TakeUpPinnedAsync(orphanCandidates, record, cancellationToken).ConfigureAwait(false);
        await SweepAsync(orphanCandidates, record, found, pinned, cancellationToken).ConfigureAwait(false);
        var owned = await OwnedFolders.FindAsync(_storage, record, found.Readable, cancellationToken)
            .ConfigureAwait(false);
        var newest = found.Readable.LastOrDefault(checkpoint => checkpoint.Id.Value > record.RestoreFloor);

        // Told before anything can fail: whoever starts over after a failure must know what cannot be read now.
        Dispatch(new CoordinatorEvent.Recovered(record, registry, found, newest, owned, pinned));
        var skipped = FindSkipped(found, newest?.Id.Value ?? record.RestoreFloor, known);
        if (skipped is [.., var lost] && (newest is null || _unreadable == UnreadableCheckpoints.Fail))
        {
            throw _unreadable == UnreadableCheckpoints.Fail
                ? new UnreadableCheckpointException(_topology.Job.Name, lost.Id, lost.Path, newest?.Path, lost.Cause)
                : lost.Cause;
        }

        if (newest is null)
        {
            return null;
        }

        var states = StateAssignment.Assign(newest, _topology, isForeign: false, allowNonRestoredState);
        _logger.CheckpointsRecovered(_topology.Job, found.Readable.Count, newest.Id.Value);
        var restored = new RestoredCheckpoint(newest, isForeign: false, states, skipped);
        if (skipped.Count > 0)
        {
            _logger.FellBack(
                _topology.Job, newest.Id.Value, newest.Metadata.Info?.TriggeredAt, skipped.Count, skipped[^1].Id.Value,
                restored.FallsBackBy?.ToString() ?? "an unknown time", skipped[^1].Cause);
        }

        return restored;
    }

    /// <param name="found">What recovery found.</param>
    /// <param name="above">Only ids above this one.</param>
    /// <param name="known">What this process knew before: of an unreadable one, only that tells the time.</param>
    private static List<SkippedCheckpoint> FindSkipped(
        RecoveredCheckpoints found, long above, IReadOnlyList<CompletedCheckpoint> known) =>
    [
        .. found.Unreadable.Where(u => u.Checkpoint.Id.Value > above).Select(u => new SkippedCheckpoint(
            u.Checkpoint.Id, u.Checkpoint.Path, u.Cause,
            known.FirstOrDefault(c => c.Path == u.Checkpoint.Path)?.Metadata.Info?.TriggeredAt)),
    ];

    /// <summary>Forgets what was recovered: the job begins anew, in the same place, with ids that go on.</summary>
    /// <remarks>Call it after <see cref="RecoverAsync"/>, before the tasks start. Earlier checkpoints stay until new
    /// ones push
    /// them out, but are not restored by themselves any more; they can still be resumed from by path.</remarks>
    public async Task StartOverAsync(CancellationToken cancellationToken = default)
    {
        using var busy = EnterBusy();
        var record = await _store.CheckEpochAsync(cancellationToken).ConfigureAwait(false);
        record = await _store.ReplaceAsync(
            record with
            {
                RestoreFloor = NewestId(record),
                LineageId = _ids.NewGuid(),
                Token = _ids.NewGuid(),
            },
            cancellationToken).ConfigureAwait(false);
        Dispatch(new CoordinatorEvent.Resumed(record, [], null, null));
    }

    private static long NewestId(RegisterRecord record) =>
        record.Retained.Select(static r => r.Id.Value).Append(record.RestoreFloor).Max();

    /// <returns>What lies in the job's folder, listed before register and metadata are read.</returns>
    private async Task<IReadOnlyList<string>> TakeEpochAsync(CancellationToken cancellationToken)
    {
        var record = await _store.TakeEpochAsync(cancellationToken).ConfigureAwait(false);
        _logger.EpochTaken(_topology.Job, record.Epoch, record.Holder);
        await _storage.SweepTemporaryFilesAsync(_topology.Job.Name, cancellationToken).ConfigureAwait(false);
        var files = new List<string>();
        await foreach (var file in _storage.ListAsync(_topology.Job.Name, cancellationToken).ConfigureAwait(false))
        {
            files.Add(file.Path);
        }

        return files;
    }

    /// <summary>Deletes what older epochs left and nothing reaches. Refused while anything that might reach it is
    /// unreadable.</summary>
    private async Task SweepAsync(
        IReadOnlyList<string> files, RegisterRecord record, RecoveredCheckpoints found, PinnedCheckpoints pinned,
            CancellationToken cancellationToken)
    {
        if (files.Count == 0)
        {
            return;
        }

        var unreadable = found.Unreadable.Select(static u => u.Checkpoint.Path).Concat(pinned.Unreadable);
        if (unreadable.FirstOrDefault() is { } path)
        {
            _logger.SweepRefused(_topology.Job, path);
            return;
        }

        var reachable = found.Readable.Concat(pinned.Loaded).SelectMany(CheckpointReference.AllFiles).ToHashSet();
        try
        {
            await AddClaimedAsync(record, reachable, cancellationToken).ConfigureAwait(false);
        }
        catch (CheckpointingException e)
        {
            _logger.SweepRefused(_topology.Job, e.Message);
            return;
        }

        var orphans = CheckpointSweep.FindOrphans(_topology.Job, files, record, reachable);
        if (orphans.Count > 0)
        {
            await _cleaner.DeleteAsync(orphans).ConfigureAwait(false);
            _logger.OrphansSwept(_topology.Job, orphans.Count);
        }
    }

    /// <summary>Checkpoints that left the list but that a foreign job still reads from.</summary>
    /// <param name="files">What lay in the job's folder when the epoch was taken; none later.</param>
    /// <param name="record">The job's record.</param>
    /// <param name="cancellationToken">Observed between two checkpoints.</param>
    /// <returns>Those that were not taken up yet.</returns>
    private async Task<PinnedCheckpoints> TakeUpPinnedAsync(
        IReadOnlyList<string> files, RegisterRecord record, CancellationToken cancellationToken)
    {
        _pinnedFolders.UnionWith(files.Where(CheckpointPins.IsPin).Select(CheckpointPins.CheckpointOf));
        _pinnedFolders.ExceptWith(record.Retained.Select(static r => r.Path));
        var loaded = new List<CompletedCheckpoint>();
        foreach (var folder in _pinnedFolders.ToList())
        {
            try
            {
                if (await CheckpointPins.IsPinnedAsync(_storage, _store.Register, folder, cancellationToken)
                    .ConfigureAwait(false))
                {
                    loaded.Add(await CheckpointLoader.LoadAsync(_storage, folder, cancellationToken)
                        .ConfigureAwait(false));
                }

                _pinnedFolders.Remove(folder);
            }
            catch (CheckpointNotFoundException)
            {
                // Pinned too late: its metadata goes only while there is no pin. The reader finds that out.
                _pinnedFolders.Remove(folder);
            }
            catch (CheckpointingException e)
            {
                // Tried again by the next recovery; until then nothing is deleted.
                _logger.CheckpointUnreadable(_topology.Job, folder, e);
            }
        }

        return new(loaded, [.. _pinnedFolders]);
    }

    /// <summary>Checkpoints of this job that another has claimed: its register says which it still keeps, or who has
    /// claimed them from there.</summary>
    private async Task AddClaimedAsync(
        RegisterRecord record, HashSet<string> reachable, CancellationToken cancellationToken)
    {
        var seen = new HashSet<string> { record.Job.Name };
        for (var present = record; present.ClaimedBy is { } claimant && seen.Add(claimant);)
        {
            var session = new RegisterSession(_store.Register, new(claimant));
            if (await session.ReadAsync(cancellationToken).ConfigureAwait(false) is not { } theirs)
            {
                return;
            }

            // Handed over but not yet in the claimant's list: it may still take them up.
            foreach (var retained in theirs.PendingClaim == present.Job.Name ? present.HandedOver : theirs.Retained)
            {
                var checkpoint = await CheckpointLoader.LoadRetainedAsync(_storage, retained, cancellationToken)
                    .ConfigureAwait(false);
                reachable.UnionWith(CheckpointReference.AllFiles(checkpoint));
            }

            present = theirs;
        }
    }

    private BusyScope EnterBusy()
    {
        if (Interlocked.Exchange(ref _isBusy, 1) != 0)
        {
            throw new InvalidOperationException(
                "The coordinator is recovering or resuming already: wait for that call.");
        }

        return new(this);
    }

    private readonly struct BusyScope(CheckpointCoordinator owner) : IDisposable
    {
        public void Dispose() => Volatile.Write(ref owner._isBusy, 0);
    }
}
