using Checkpointing.CompletedCheckpoints;
using Checkpointing.Diagnostics;
using Checkpointing.SharedState;
using Checkpointing.StateHandles;
using Checkpointing.Statistics;

namespace Checkpointing.Coordination;

/// <summary>The coordinator as a state machine: <c>Handle(event, now) → effects</c>. No I/O, no clock, no thread of its
/// own.</summary>
/// <remarks>
/// Invariants:
/// <list type="number">
/// <item>At most one change of the register is under way; the record here is the one that the register held when it was
/// last heard of.</item>
/// <item>A checkpoint is reported complete only after the register named it.</item>
/// <item>A file is handed to <see cref="CoordinatorEffect.Delete"/> only when no checkpoint in the list, none pending
/// and no
/// running attempt owns it; and what only metadata names, only where it lies in a folder of ours.</item>
/// <item>Nothing that metadata names is handed to it while that metadata is being written; what names a file goes
/// before the file.</item>
/// <item>A checkpoint is in the list only if it owns its shared files in the registry.</item>
/// <item>After <see cref="CoordinatorEffect.Fail"/> nothing is deleted and nothing is written any more.</item>
/// </list>
/// One seed that orders the events gives one trace. Duties: <c>.Triggering</c>, <c>.Acknowledgement</c>,
/// <c>.Completion</c>,
/// <c>.Releasing</c>, <c>.Stopping</c>, <c>.Hooks</c>; pure decisions have files of their own.
/// </remarks>
internal sealed partial class CoordinatorCore(JobTopology topology, CheckpointCoordinatorOptions options, IdSource ids)
{
    private readonly SortedDictionary<CheckpointId, PendingCheckpoint> _pending = [];
    private readonly List<CompletedCheckpoint> _retained = [];
    private readonly HashSet<string> _unreadable = [];

    // Aborted while their metadata was being written. Nothing of them goes before it is known how that ended: a crash
    // in between would leave metadata that names missing files, and nobody could tell it from a savepoint.
    private readonly Dictionary<CheckpointId, PendingCheckpoint> _unsettled = [];
    private readonly Dictionary<CheckpointId, string> _abortedSavepoints = [];
    private readonly FailureCounter _failures = new(options.TolerableFailures);
    private readonly RequestQueue _queue = new(options);
    private readonly Queue<RegisterChange> _changes = new();
    private readonly List<CoordinatorEffect> _effects = [];

    private LifePhase _phase = LifePhase.New;
    private RegisterRecord _record = null!;
    private SharedStateRegistry _registry = new();
    private OwnedFolders? _owned;
    private RegisterChange? _changeUnderWay;
    private CheckpointId? _base;
    private int _attempt = -1;
    private int _filesToDelete;
    private DateTimeOffset _now;

    private enum LifePhase
    {
        New,
        Recovered,
        Running,
        Stopped,
        Ended,
        Failed,
    }

    internal ProtocolBreach Breach { get; init; }

    public long Epoch => _record?.Epoch ?? 0;

    public RegisterRecord? Record => _record;

    public SharedStateRegistry Registry => _registry;

    public CompletedCheckpoint? LatestCompleted => _retained.Count == 0 ? null : _retained[^1];

    public IReadOnlyList<CompletedCheckpoint> Retained => _retained;

    /// <summary>Whether the list was taken up and no task runs.</summary>
    public bool IsRecovered => _phase == LifePhase.Recovered;

    /// <summary>Whether the record was about to be changed by resuming, and nobody has heard of the outcome: it is not
    /// written, and no task starts, before it was read again.</summary>
    public bool IsUnsettled => _phase == LifePhase.New && _record is not null;

    public int PendingCount => _pending.Count;

    public IEnumerable<CheckpointId> PendingIds => _pending.Keys;

    public int FailuresInARow => _failures.InARow;

    /// <summary>Subtasks of the present attempt, in the order of the topology.</summary>
    public IReadOnlyList<SubtaskAddress> Subtasks { get; private set; } = [];

    public IReadOnlyList<CoordinatorEffect> Handle(CoordinatorEvent happened, DateTimeOffset now)
    {
        _now = now;
        _effects.Clear();
        switch (happened)
        {
            case CoordinatorEvent.AttemptEnded:
                EndAttempt(CheckpointFailureReason.AttemptEnded, "the attempt ended");
                break;
            case CoordinatorEvent.Recovered recovered:
                OnRecovered(recovered);
                break;
            case CoordinatorEvent.Resuming:
                _phase = _phase == LifePhase.Recovered ? LifePhase.New : _phase;
                break;
            case CoordinatorEvent.Resumed resumed:
                OnResumed(resumed);
                break;
            case CoordinatorEvent.Started:
                OnStarted();
                break;
            case CoordinatorEvent.TriggerRequested trigger:
                OnTriggerRequested(trigger);
                break;
            case CoordinatorEvent.HooksAnswered answered:
                OnHooksAnswered(answered);
                break;
            case CoordinatorEvent.HookFailed failed:
                AbortIfPending(failed.Id, CheckpointFailureReason.HookFailed, failed.Cause.Message, failed.Cause);
                break;
            case CoordinatorEvent.Finished finished:
                OnSubtaskFinished(finished.Message);
                break;
            case CoordinatorEvent.CleaningProgressed progress:
                _filesToDelete = progress.FilesToDelete;
                BeginWaiting();
                break;
            case CoordinatorEvent.TimePassed:
                OnTimePassed();
                break;
            case CoordinatorEvent.Acknowledged acknowledged:
                OnAcknowledged(acknowledged.Message);
                break;
            case CoordinatorEvent.Declined declined:
                OnDeclined(declined.Message);
                break;
            case CoordinatorEvent.DeliveryFailed failed:
                AbortIfPending(failed.Id, CheckpointFailureReason.DeliveryFailed, "a trigger could not be delivered",
                    failed.Cause);
                break;
            case CoordinatorEvent.MetadataWritten written:
                OnMetadataWritten(written);
                break;
            case CoordinatorEvent.MetadataFailed failed:
                OnMetadataFailed(failed);
                break;
            case CoordinatorEvent.RegisterReplaced replaced:
                OnRegisterReplaced(replaced);
                break;
            case CoordinatorEvent.RegisterFailed failed:
                OnRegisterFailed(failed);
                break;
            case CoordinatorEvent.PinsChecked pins:
                OnPinsChecked(pins);
                break;
            case CoordinatorEvent.Ending ending:
                OnEnding(ending.Termination);
                break;
            default:
                Invariant.Holds(false, $"No such event: {happened}.");
                break;
        }

        PumpRegister();
        SetTimer();
        return [.. _effects];
    }

    private void OnRecovered(CoordinatorEvent.Recovered recovered)
    {
        Invariant.Holds(_pending.Count == 0, $"Recovered with {_pending.Count} checkpoints pending.");
        Invariant.Holds(_unsettled.Count == 0, $"Recovered while {_unsettled.Count} metadata are being written.");
        var abandoned = _registry.Entries;
        _record = recovered.Record;
        _registry = recovered.Registry;
        _owned = recovered.Owned;
        _nextId = Math.Max(_nextId, _record.FirstIdOfEpoch);
        _retained.Clear();
        _retained.AddRange(recovered.Checkpoints.Readable);
        _unreadable.Clear();
        _unreadable.UnionWith(recovered.Checkpoints.Unreadable.Select(static u => u.Checkpoint.Path));

        // The record names them, also those that were being let go here: the registry is a new one.
        _leaving.Clear();
        _pinned.Clear();
        _unreleased.Clear();
        TakeUpLeaving(recovered.Leaving);
        CheckRegistered(_retained);
        BeginAttempt(recovered.Base, recovered.Base);

        // What only the attempt before this one needed, and recovery did not register again, nobody needs.
        Delete(abandoned.Where(entry => _registry.OwnerCount(entry.Key) == 0), "left by the attempt before");
    }

    private void OnResumed(CoordinatorEvent.Resumed resumed)
    {
        CheckRegistered(resumed.Claimed);
        _record = resumed.Record;
        _owned = resumed.NewlyOwned is { } more ? _owned?.With(more) ?? more : _owned;
        _retained.AddRange(resumed.Claimed);
        var order = _record.Retained.Select(static (one, index) => (one.Path, index))
            .ToDictionary(static one => one.Path, static one => one.index);
        _retained.Sort((a, b) => order[a.Path].CompareTo(order[b.Path]));
        TakeUpLeaving(resumed.Leaving);
        _nextId = Math.Max(_nextId, _record.FirstIdOfEpoch);
        BeginAttempt(resumed.Base, resumed.From ?? resumed.Base);
    }

    private void BeginAttempt(CompletedCheckpoint? baseCheckpoint, CompletedCheckpoint? from)
    {
        _attempt++;
        _base = baseCheckpoint is { Properties.Kind: not CheckpointKind.Savepoint } ? baseCheckpoint.Id : null;
        _phase = LifePhase.Recovered;
        _isStopping = false;
        _failures.Reset();
        Subtasks =
        [
            .. topology.Operators.SelectMany(o => Enumerable.Range(0, o.Parallelism)
                .Select(index => new SubtaskAddress(topology.Job, _record.Epoch, _attempt, o.Name, index))),
        ];

        // Operators that had finished do not start again.
        var finished = from is null ? [] : FinishedOperators.NamesOf(from.Metadata, topology);
        _finished.Clear();
        _finished.UnionWith(Subtasks.Where(subtask => finished.Contains(subtask.Operator)));
    }

    private void OnStarted()
    {
        if (_phase == LifePhase.Recovered)
        {
            _phase = LifePhase.Running;
            BeginPeriod();
        }
    }

    private void EndAttempt(CheckpointFailureReason reason, string detail)
    {
        _nextPeriodicAt = null;
        _isStopping = false;
        FailWaiting(reason, detail);
        foreach (
            var pending in _pending.Values.Where(static p => p.State != PendingCheckpoint.Phase.Committing).ToList())
        {
            Abort(pending, reason, detail, null);
        }

        if (_phase is LifePhase.Running or LifePhase.Stopped)
        {
            _phase = LifePhase.Recovered;
        }
    }

    /// <summary>Nothing more can be done here: nothing is deleted, since whoever recovers decides what is
    /// needed.</summary>
    private void Fail(CheckpointingException cause, CheckpointFailureReason reason)
    {
        if (_phase == LifePhase.Failed)
        {
            return;
        }

        _phase = LifePhase.Failed;
        _changes.Clear();
        _nextPeriodicAt = null;
        FailWaiting(reason, "the coordinator failed", cause);

        // The one whose commit is under way may yet be completed: what the register answers is what its caller is told.
        var committing = (_changeUnderWay as RegisterChange.Add)?.Pending;
        foreach (var pending in _pending.Values.Where(pending => pending != committing).ToList())
        {
            AbortFailed(pending, cause, reason);
        }

        _effects.Add(new CoordinatorEffect.Fail(cause));
    }

    private void AbortFailed(PendingCheckpoint pending, CheckpointingException cause, CheckpointFailureReason reason)
    {
        _pending.Remove(pending.Id);
        _effects.Add(new CoordinatorEffect.SendAborted(MakeAborted(pending, reason), cause, pending.Replies));
        Report(new StatisticsEvent.Failed(pending.Id, _now, reason, cause.Message, null));
    }

    private static IReadOnlyList<CheckpointAborted> MakeAborted(
        PendingCheckpoint pending, CheckpointFailureReason reason) =>
    [
        .. pending.Participants.Select(subtask => new CheckpointAborted(subtask, pending.Id, reason)
        {
            Stop = pending.Request.Stop,
        }),
    ];

    /// <summary>Otherwise the first incremental checkpoint meets unknown shared state, or what a listed checkpoint
    /// needs
    /// is deleted (Flink's FLINK-6964).</summary>
    private void CheckRegistered(IEnumerable<CompletedCheckpoint> listed)
    {
        foreach (var checkpoint in Breach.HasFlag(ProtocolBreach.ListWithoutRegistering) ? [] : listed)
        {
            var missing = CheckpointReference.SharedKeys(checkpoint)
                .FirstOrDefault(key => !_registry.IsOwnedBy(key, checkpoint.Owner()));
            Invariant.Holds(
                missing == default, $"{checkpoint.Path} is listed before its file {missing} was registered.");
        }
    }

    private void Log(Action<Microsoft.Extensions.Logging.ILogger> write) =>
        _effects.Add(new CoordinatorEffect.Log(write));

    private void Report(StatisticsEvent happened) => _effects.Add(new CoordinatorEffect.Report(happened));

    private void SetTimer()
    {
        DateTimeOffset? next = null;
        if (_phase == LifePhase.Running && !_isStopping)
        {
            next = _queue.WakeAt(Situation) is { } wakeAt && (_nextPeriodicAt is null || wakeAt < _nextPeriodicAt)
                ? wakeAt
                : _nextPeriodicAt;
        }

        if (_queue.NextDeadline is { } deadline && (next is null || deadline < next))
        {
            next = deadline;
        }

        foreach (var pending in _pending.Values)
        {
            if (pending.State != PendingCheckpoint.Phase.Committing && (next is null || pending.Deadline < next))
            {
                next = pending.Deadline;
            }
        }

        _effects.Add(new CoordinatorEffect.SetTimer(next));
    }
}
