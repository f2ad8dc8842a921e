using Checkpointing.CompletedCheckpoints;
using Checkpointing.Diagnostics;
using Checkpointing.SharedState;
using Checkpointing.Statistics;
using Checkpointing.Storage;
using Microsoft.Extensions.Logging;

namespace Checkpointing.Coordination;

/// <summary>Takes consistent checkpoints of one job, keeps the list of completed ones, and finds what to start
/// from.</summary>
/// <remarks>
/// <para>Knows no transport: it calls <see cref="ITaskGateway"/>, tasks call <see cref="ICheckpointResponder"/>.</para>
/// <para>Life: build; <see cref="RecoverAsync(bool, CancellationToken)"/> (takes the epoch); perhaps
/// <see cref="ResumeAsync"/>; start the tasks of <see cref="Subtasks"/>; <see cref="Start"/>. When a task fails:
/// <see cref="RecoverAsync(bool, CancellationToken)"/> again (and <see cref="ResumeAsync"/> again if it gave nothing),
/// which begins the next attempt.</para>
/// <para>All decisions are in <see cref="CoordinatorCore"/>; this class carries its effects out. All members are safe
/// for
/// concurrent calls, but recovering, resuming and starting over exclude each other.</para>
/// </remarks>
public sealed partial class CheckpointCoordinator : ICheckpointResponder, IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly CoordinatorCore _core;
    private readonly CompletedCheckpointStore _store;
    private readonly JobTopology _topology;
    private readonly CheckpointCoordinatorOptions _options;
    private readonly ICheckpointStorage _storage;
    private readonly ITaskGateway _gateway;
    private readonly IdSource _ids;
    private readonly TimeProvider _time;
    private readonly WorkScheduler _scheduler;
    private readonly ILogger _logger;
    private readonly UnreadableCheckpoints _unreadable;
    private readonly SerialLane _sendLane;
    private readonly SerialLane _registerLane;
    private readonly SerialLane _pinLane;
    private readonly SerialLane _hookLane;
    private readonly CheckpointCleaner _cleaner;
    private readonly SerialLane _metadataLane;
    private readonly ITimer _timer;
    private readonly TaskCompletionSource _failure = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SortedSet<string> _pinnedFolders = new(StringComparer.Ordinal);
    private DateTimeOffset? _timerAt;
    private int _isBusy;
    private bool _isEnded;
    private bool _isDisposed;

    internal CheckpointCoordinator(
        CheckpointCoordinatorBuilder builder, CompletedCheckpointStore store, ITaskGateway gateway)
    {
        _topology = builder.Topology!;
        _options = builder.Options;
        _storage = builder.Storage;
        (_store, _gateway, _ids, _time, _scheduler) = (store, gateway, builder.Ids, builder.Time, builder.Scheduler);
        _logger = builder.LoggerFactory.CreateLogger<CheckpointCoordinator>();
        _unreadable = builder.Options.UnreadableCheckpoints;
        _hooks = builder.Hooks;
        _core = new(_topology, builder.Options, _ids) { HasHooks = _hooks.Count > 0, Breach = builder.Breach };
        _tracker = new(_topology.Job, builder.Options.MaxStatisticsEntries);
        _sendLane = new(_scheduler, OnFailed);
        _registerLane = new(_scheduler, OnFailed);
        _pinLane = new(_scheduler, OnFailed);
        _hookLane = new(_scheduler, OnFailed);
        _cleaner = new(_storage, _scheduler, _time, _logger, OnFailed, OnCleaned);
        _metadataLane = new(_scheduler, OnFailed);
        _archive = MakeArchive();
        _gauges = new(this);
        _instruments = CheckpointingInstruments.Of(builder.Meter);
        _timer = _time.CreateTimer(
            _ => OnTimer(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Reign of this coordinator; 0 before <see cref="RecoverAsync(bool, CancellationToken)"/>.</summary>
    public long Epoch => Locked(static core => core.Epoch);

    /// <summary>Goes on from a job to one resumed from its checkpoint; names sink transactions. Empty before
    /// <see cref="RecoverAsync(bool, CancellationToken)"/>.</summary>
    public Guid LineageId => Locked(static core => core.Record?.LineageId ?? Guid.Empty);

    /// <summary>Subtasks of the present attempt, in the order of the topology.</summary>
    public IReadOnlyList<SubtaskAddress> Subtasks => Locked(static core => core.Subtasks);

    /// <summary>The newest completed checkpoint; null if there is none.</summary>
    public CompletedCheckpoint? LatestCompleted => Locked(static core => core.LatestCompleted);

    /// <summary>Completed checkpoints that are retained, oldest first; a copy.</summary>
    public IReadOnlyList<CompletedCheckpoint> Retained =>
        Locked(static core => (IReadOnlyList<CompletedCheckpoint>)[.. core.Retained]);

    /// <summary>Checkpoints that have failed since the last one that completed, or since the attempt began; what
    /// nobody is to blame for is not counted.</summary>
    public int FailuresInARow => Locked(static core => core.FailuresInARow);

    /// <summary>Faults with the cause when the coordinator can no longer do its work: fenced, outcome unknown, or too
    /// many
    /// failures in a row. The host then ends the job (or recovers). Completes when the coordinator is
    /// disposed.</summary>
    public Task Failure => _failure.Task;

    internal SharedStateRegistry Registry => Locked(static core => core.Registry);

    internal int PendingCount => Locked(static core => core.PendingCount);

    /// <summary>All tasks run: triggers are allowed from here, periodic ones begin.</summary>
    /// <exception cref="InvalidOperationException"><see cref="ResumeAsync"/> or <see cref="StartOverAsync"/> had begun
    /// to change the job's record and failed: call one of them again, or
    /// <see cref="RecoverAsync(bool, CancellationToken)"/>.</exception>
    public void Start()
    {
        if (Locked(static core => core.IsUnsettled))
        {
            throw new InvalidOperationException(
                $"Job '{_topology.Job}' cannot start: where it goes on from was about to be changed, and that failed. "
                + "Recover, resume or start over first.");
        }

        Dispatch(new CoordinatorEvent.Started());
        ReportRestored();
        StartScrub();
    }

    /// <summary>Takes a checkpoint or savepoint.</summary>
    /// <param name="request">What.</param>
    /// <param name="cancellationToken">Ends the wait; does not abort the checkpoint.</param>
    /// <returns>The checkpoint, durable; tasks have been sent the notice of completion.</returns>
    /// <exception cref="CheckpointDeclinedException">It did not start or did not complete; see its reason.</exception>
    /// <exception cref="CoordinatorFencedException">Another process has taken over.</exception>
    /// <exception cref="ArgumentException">There is no such kind or format, or the target leaves the storage's root.
    /// </exception>
    public Task<CompletedCheckpoint> TriggerAsync(
        CheckpointRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        request.Check();
        var reply = new TaskCompletionSource<CompletedCheckpoint>(TaskCreationOptions.RunContinuationsAsynchronously);
        Dispatch(new CoordinatorEvent.TriggerRequested(request, reply));
        return reply.Task.WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask AcknowledgeAsync(AcknowledgeCheckpoint message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        Dispatch(new CoordinatorEvent.Acknowledged(message));
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DeclineAsync(DeclineCheckpoint message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        Dispatch(new CoordinatorEvent.Declined(message));
        return ValueTask.CompletedTask;
    }

    /// <summary>Stops triggering and aborts what is pending; then keeps or deletes retained checkpoints as their
    /// properties say.</summary>
    /// <param name="termination">How the job ended. After suspension all of them stay.</param>
    /// <param name="cancellationToken">Ends the wait for deletions; what is left is swept by the next epoch.</param>
    public async Task EndAsync(JobTermination termination, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            if (_isEnded)
            {
                return;
            }

            _isEnded = true;
        }

        _instruments.Remove(_gauges);
        await StopScrubAsync().ConfigureAwait(false);
        Dispatch(new CoordinatorEvent.Ending(termination));
        await WhenQuietAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        await EndStatisticsAsync(termination).WaitAsync(cancellationToken).ConfigureAwait(false);
        await _cleaner.FinishAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stops and waits. Idempotent. Retained checkpoints stay, as after suspension.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        await EndAsync(JobTermination.Suspended, CancellationToken.None).ConfigureAwait(false);
        _isDisposed = true;
        await _timer.DisposeAsync().ConfigureAwait(false);
        await _cleaner.DisposeAsync().ConfigureAwait(false);
        await _archive.DisposeAsync().ConfigureAwait(false);
        _scrubEnd.Dispose();
        _failure.TrySetResult();
    }

    /// <summary>A trigger whose messages are handed to the caller instead of the gateway, so that it can act on them at
    /// once.</summary>
    internal (IReadOnlyList<TriggerCheckpoint> Messages, Task<CompletedCheckpoint> Completion) TriggerDirectly(
        CheckpointRequest request)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var reply = new TaskCompletionSource<CompletedCheckpoint>(TaskCreationOptions.RunContinuationsAsynchronously);
        var messages = new List<TriggerCheckpoint>();
        lock (_lock)
        {
            _isAskedFor = true;
            foreach (
                var effect in _core.Handle(
                    new CoordinatorEvent.TriggerRequested(request, reply) { NowOrNever = true }, _time.GetUtcNow()))
            {
                if (effect is CoordinatorEffect.SendTriggers send)
                {
                    messages.AddRange(BeginSpanNeedsLock(send).Messages);
                }
                else
                {
                    CarryOutNeedsLock(effect);
                }
            }
        }

        return (messages, reply.Task);
    }

    private T Locked<T>(Func<CoordinatorCore, T> read)
    {
        lock (_lock)
        {
            return read(_core);
        }
    }

    private void Dispatch(CoordinatorEvent happened)
    {
        lock (_lock)
        {
            _isAskedFor = happened is CoordinatorEvent.TriggerRequested;
            foreach (var effect in _core.Handle(happened, _time.GetUtcNow()))
            {
                CarryOutNeedsLock(effect);
            }
        }
    }

    /// <summary>A timer may fire before its time, by less than its resolution: then it is set again, so it counts as
    /// not set from here.</summary>
    private void OnTimer()
    {
        lock (_lock)
        {
            _timerAt = null;
        }

        Dispatch(new CoordinatorEvent.TimePassed());
    }

    private async Task WhenQuietAsync()
    {
        // Each lane may hand work to another: a replaced register to the cleaner, a look for pins to it as well.
        const int MaxRounds = 64;
        for (var round = 0; round < MaxRounds; round++)
        {
            await _hookLane.WhenIdleAsync().ConfigureAwait(false);
            await _metadataLane.WhenIdleAsync().ConfigureAwait(false);
            await _registerLane.WhenIdleAsync().ConfigureAwait(false);
            await _sendLane.WhenIdleAsync().ConfigureAwait(false);
            await _pinLane.WhenIdleAsync().ConfigureAwait(false);
            await _cleaner.WhenIdleAsync().ConfigureAwait(false);
            if (_hookLane.IsIdle && _metadataLane.IsIdle && _registerLane.IsIdle && _sendLane.IsIdle && _pinLane.IsIdle
                && _cleaner.IsIdle)
            {
                return;
            }
        }
    }

    private void OnCleaned()
    {
        // Read under the lock, under which files are handed to the cleaner as well: so the newest number comes last.
        lock (_lock)
        {
            Dispatch(new CoordinatorEvent.CleaningProgressed(_cleaner.Waiting));
        }
    }

    private void OnFailed(Exception exception)
    {
        // One that nobody looks at must not surface as an unobserved exception: looking at it once is enough.
        if (_failure.TrySetException(exception))
        {
            _ = _failure.Task.Exception;
        }
    }
}
