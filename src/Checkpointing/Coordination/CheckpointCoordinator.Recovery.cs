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
    public Task<RestoredCheckpoint?> RecoverAsync(
        bool allowNonRestoredState = false, CancellationToken cancellationToken = default) =>
        RecoverAsync(new RecoverOptions { AllowNonRestoredState = allowNonRestoredState }, cancellationToken);

    /// <summary>As the other one. With a <see cref="RecoverOptions.Check"/> the first call looks whether the newest
    /// checkpoint fits the program before it takes the epoch: a program that does not fit leaves a process that runs
    /// the job alone.</summary>
    /// <param name="options">Leniency, and what else has to fit.</param>
    /// <param name="cancellationToken">Observed between steps.</param>
    /// <inheritdoc cref="RecoverAsync(bool, CancellationToken)" path="/exception"/>
    public async Task<RestoredCheckpoint?> RecoverAsync(
        RecoverOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        using var busy = EnterBusy();
        var allowNonRestoredState = options.AllowNonRestoredState;
        var isFirst = _store.Epoch == 0;
        if (isFirst && options.Check is not null
            && await _store.PeekNewestAsync(cancellationToken).ConfigureAwait(false) is { } present)
        {
            CheckFits(present, options);
        }

        var (record, found, newest) = await RecoverListAsync(cancellationToken).ConfigureAwait(false);
        await ResetHooksAsync(cancellationToken).ConfigureAwait(false);
        var skipped = FindSkipped(record, found, newest);
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

        // Once more: another process may have completed one since, or what could not be read is there again.
        var states = isFirst
            ? CheckFits(newest, options)
            : StateAssignment.Assign(newest, _topology, isForeign: false, allowNonRestoredState);
        CheckHookStates(newest, allowNonRestoredState);
        await RestoreHooksAsync(newest, cancellationToken).ConfigureAwait(false);
        _logger.CheckpointsRecovered(_topology.Job, found.Readable.Count, newest.Id.Value);
        var restored = new RestoredCheckpoint(newest, isForeign: false, states, skipped);
        if (skipped.Count > 0)
        {
            _logger.FellBack(
                _topology.Job, newest.Id.Value, newest.Metadata.Info?.TriggeredAt, skipped.Count, skipped[^1].Id.Value,
                restored.FallsBackBy?.ToString() ?? "an unknown time", skipped[^1].Cause);
        }

        return KeepRestored(restored);
    }

    private IReadOnlyDictionary<(string Operator, int Index), State.SubtaskRestore> CheckFits(
        CompletedCheckpoint checkpoint, RecoverOptions options)
    {
        var states = StateAssignment.Assign(
            checkpoint, _topology, isForeign: false, options.AllowNonRestoredState);
        options.Check?.Invoke(checkpoint);
        return states;
    }

    /// <summary>Takes the epoch if that was not done, and takes up what the record names, whatever of it can be
    /// read.</summary>
    private async Task<(RegisterRecord Record, RecoveredCheckpoints Found, CompletedCheckpoint? Newest)>
        RecoverListAsync(CancellationToken cancellationToken)
    {
        BeginRestore();
        using var span = BeginRecovering();
        Dispatch(new CoordinatorEvent.AttemptEnded());
        await WhenQuietAsync().WaitAsync(cancellationToken).ConfigureAwait(false);

        var isFirst = _store.Epoch == 0;
        var orphanCandidates = isFirst ? await TakeEpochAsync(cancellationToken).ConfigureAwait(false) : [];
        var record = await _store.CheckEpochAsync(cancellationToken).ConfigureAwait(false);
        if (record.PendingClaim is not null)
        {
            record = await FinishClaimAsync(record, cancellationToken).ConfigureAwait(false);
        }

        var claimed = isFirst ? await ListClaimedAsync(record, cancellationToken).ConfigureAwait(false) : [];
        await RemoveStalePinsAsync(claimed, cancellationToken).ConfigureAwait(false);
        var registry = new SharedStateRegistry(_logger);
        var found = await _store.RecoverAsync(registry, cancellationToken).ConfigureAwait(false);
        foreach (var unreadable in found.Unreadable)
        {
            _logger.CheckpointUnreadable(_topology.Job, unreadable.Checkpoint.Path, unreadable.Cause);
        }

        var leaving = await TakeUpLeavingAsync(orphanCandidates, record, cancellationToken).ConfigureAwait(false);
        await SweepAsync(orphanCandidates, claimed, record, found, leaving, cancellationToken).ConfigureAwait(false);
        var owned = await OwnedFolders.FindAsync(_storage, record, found.Readable, cancellationToken)
            .ConfigureAwait(false);
        var left = record.Retained.Where(static one => one.IsLeftBehind).Select(static one => one.Path).ToHashSet();
        var newest = found.Readable.LastOrDefault(checkpoint => !left.Contains(checkpoint.Path));

        // Told before anything can fail: whoever starts over after a failure must know what cannot be read now.
        Dispatch(new CoordinatorEvent.Recovered(record, registry, found, newest, owned, leaving));
        return (record, found, newest);
    }

    /// <summary>Those that were to be restored rather than <paramref name="newest"/>, oldest first.</summary>
    private static List<SkippedCheckpoint> FindSkipped(
        RegisterRecord record, RecoveredCheckpoints found, CompletedCheckpoint? newest)
    {
        var newer = record.Retained.Where(static one => !one.IsLeftBehind)
            .SkipWhile(one => newest is not null && one.Path != newest.Path).Select(static one => one.Path).ToHashSet();
        return
        [
            .. found.Unreadable.Where(unreadable => newer.Contains(unreadable.Checkpoint.Path))
                .Select(static unreadable => new SkippedCheckpoint(
                    unreadable.Checkpoint.Id, unreadable.Checkpoint.Path, unreadable.Cause,
                    unreadable.Checkpoint.TriggeredAt)),
        ];
    }

    /// <summary>Begins anew, in the same place, with ids that go on. May stand in for
    /// <see cref="RecoverAsync(bool, CancellationToken)"/>, and be called after it, also if that failed because nothing
    /// can be read; before the tasks start.</summary>
    /// <remarks>Earlier checkpoints need not be readable or fit the program. They stay until new ones push them out,
    /// but are not restored by themselves any more; they can still be resumed from by path.</remarks>
    /// <exception cref="CoordinatorFencedException">Another process has taken over since.</exception>
    public async Task StartOverAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        using var busy = EnterBusy();
        if (!Locked(static core => core.IsRecovered))
        {
            await RecoverListAsync(cancellationToken).ConfigureAwait(false);
        }

        var record = await _store.CheckEpochAsync(cancellationToken).ConfigureAwait(false);
        Dispatch(new CoordinatorEvent.Resuming());
        record = await _store.ReplaceAsync(
            record with
            {
                Retained = StartingPoint.LeaveAll(record.Retained),
                LineageId = _ids.NewGuid(),
                Token = _ids.NewGuid(),
            },
            cancellationToken).ConfigureAwait(false);
        _restored = null;
        Dispatch(new CoordinatorEvent.Resumed(record, [], null, null));
        await ResetHooksAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <returns>What lies in the job's folder, listed before register and metadata are read.</returns>
    private async Task<IReadOnlyList<string>> TakeEpochAsync(CancellationToken cancellationToken)
    {
        var record = await _store.TakeEpochAsync(cancellationToken).ConfigureAwait(false);
        _logger.EpochTaken(_topology.Job, record.Epoch, record.Holder);
        await _storage.SweepTemporaryFilesAsync(_topology.Job.Name, cancellationToken).ConfigureAwait(false);
        var files = await ListAsync(_topology.Job, cancellationToken).ConfigureAwait(false);
        _archive.Begin(record.Epoch, files);
        _instruments.Add(_gauges);
        return files;
    }

    /// <summary>Deletes what older epochs left and nothing reaches. Refused while anything that might reach it is
    /// unreadable.</summary>
    private async Task SweepAsync(
        IReadOnlyList<string> files, IReadOnlyList<JobFiles> claimed, RegisterRecord record,
        RecoveredCheckpoints found, LeavingCheckpoints leaving, CancellationToken cancellationToken)
    {
        if (files.Count == 0 && claimed.Count == 0)
        {
            return;
        }

        var unreadable = found.Unreadable.Select(static u => u.Checkpoint.Path).Concat(leaving.Unreadable);
        if (unreadable.FirstOrDefault() is { } path)
        {
            _logger.SweepRefused(_topology.Job, path);
            return;
        }

        var reachable = found.Readable.Concat(leaving.Loaded).Concat(leaving.Claimed)
            .SelectMany(CheckpointReference.AllFiles).ToHashSet();
        var orphans = new List<string>();
        try
        {
            await AddClaimedAsync(record, reachable, cancellationToken).ConfigureAwait(false);
            orphans.AddRange(CheckpointSweep.FindOrphans(_topology.Job, files, record, reachable));
            foreach (var theirs in claimed)
            {
                orphans.AddRange(await FindOrphansAsync(theirs, record, reachable, cancellationToken)
                    .ConfigureAwait(false));
            }
        }
        catch (CheckpointingException e)
        {
            _logger.SweepRefused(_topology.Job, e.Message);
            return;
        }

        if (orphans.Count > 0)
        {
            await _cleaner.DeleteAsync(orphans).ConfigureAwait(false);
            _logger.OrphansSwept(_topology.Job, orphans.Count);
            _instruments.AddOrphans(_topology.Job, orphans.Count);
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
