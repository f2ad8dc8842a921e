using Checkpointing.CompletedCheckpoints;
using Checkpointing.State;
using Checkpointing.Statistics;
using Checkpointing.Storage;

namespace Checkpointing.Coordination;

/// <content>Trigger or not, and with which id and base.</content>
internal sealed partial class CoordinatorCore
{
    private long _nextId;
    private long _nextRequest;
    private DateTimeOffset? _nextPeriodicAt;
    private DateTimeOffset? _lastCompletedAt;

    private TriggerSituation Situation =>
        new(_now, _pending.Values.Count(static p => !p.IsSavepoint), _lastCompletedAt, _filesToDelete);

    private void OnTriggerRequested(CoordinatorEvent.TriggerRequested trigger)
    {
        var request = new WaitingRequest(trigger.Request, _nextRequest++, trigger.Reply)
        {
            Deadline = _now + options.Timeout,
        };
        if (WhyNotRunning(trigger.Request) is var (reason, detail))
        {
            Decline(request, reason, detail);
            return;
        }

        AddRequest(request);
        if (request.IsStop && _queue.Requests.Contains(request))
        {
            OnStopWaits();
        }

        BeginWaiting();
        if (trigger.NowOrNever && _queue.Requests.Contains(request))
        {
            _queue.Remove(request);
            var why = _queue.WhyItWaits(request, Situation);
            Decline(
                request, why == CheckpointFailureReason.None ? CheckpointFailureReason.IdReservationFailed : why,
                why switch
                {
                    CheckpointFailureReason.CleaningLags => $"{_filesToDelete} files wait to be deleted",
                    CheckpointFailureReason.TooManyConcurrentCheckpoints => "another one is pending",
                    _ => "no checkpoint id is free now; try again",
                });
        }
    }

    private (CheckpointFailureReason Reason, string Detail)? WhyNotRunning(CheckpointRequest request) => _phase switch
    {
        LifePhase.Ended => (CheckpointFailureReason.CoordinatorShutdown, "the job has ended"),
        LifePhase.Failed => (CheckpointFailureReason.CoordinatorShutdown, "the coordinator has failed"),
        LifePhase.Stopped => (CheckpointFailureReason.JobStopping, "the job ends with a savepoint"),
        LifePhase.New or LifePhase.Recovered => (CheckpointFailureReason.TasksNotRunning,
            "not all tasks are running yet; trigger again once they are"),
        _ when _isStopping => (CheckpointFailureReason.JobStopping,
            "the job is about to end with a savepoint; if that fails, trigger again"),
        _ when !options.IsEnabled && request is { IsForced: false, Stop: null } => (
            CheckpointFailureReason.CheckpointingDisabled, $"checkpoints are switched off for job '{topology.Job}'"),
        _ => null,
    };

    private void AddRequest(WaitingRequest request)
    {
        if (_queue.Add(request) is { IsPeriodic: false } refused)
        {
            var (reason, detail) = _filesToDelete > options.MaxFilesToDelete
                ? (CheckpointFailureReason.CleaningLags,
                    $"{_filesToDelete} files wait to be deleted, and {_queue.Count} requests for that")
                : (CheckpointFailureReason.TooManyRequests, $"{_queue.Count} requests wait already");
            Decline(refused, reason, detail);
        }
    }

    private void OnTimePassed()
    {
        foreach (var late in _pending.Values
            .Where(p => p.State != PendingCheckpoint.Phase.Committing && p.Deadline <= _now).ToList())
        {
            var missing = late.State == PendingCheckpoint.Phase.CallingHooks ? "the hooks"
                : late.Missing.Count == 0 ? "the storage" : string.Join(", ", late.Missing.Take(3));
            Abort(
                late,
                CheckpointFailureReason.Expired,
                $"it took longer than {options.Timeout}; not heard of: {missing}",
                null);
        }

        if (_phase == LifePhase.Running && _nextPeriodicAt <= _now)
        {
            BeginPeriod();
            AddRequest(new(CheckpointRequest.Checkpoint, _nextRequest++, null));
        }

        BeginWaiting();
        DeclineExpired();
    }

    /// <summary>Whoever asked waits no longer for a beginning than for an end.</summary>
    private void DeclineExpired()
    {
        foreach (var late in _queue.Expired(_now))
        {
            _queue.Remove(late);
            var why = _queue.WhyItWaits(late, Situation);
            Decline(
                late, why == CheckpointFailureReason.None ? CheckpointFailureReason.Expired : why,
                $"it could not begin within {options.Timeout}: " + why switch
                {
                    CheckpointFailureReason.CleaningLags => $"{_filesToDelete} files wait to be deleted",
                    CheckpointFailureReason.TooManyConcurrentCheckpoints => "as many as may be are pending",
                    _ when _isStopping => "the job is about to end with a savepoint",
                    _ => "no checkpoint id could be had",
                });
            StopFailsWith(late);
        }
    }

    private void BeginPeriod() =>
        _nextPeriodicAt = options is { IsEnabled: true, Interval: { } interval } ? _now + interval : null;

    /// <summary>Begins what waits, as far as slots, pauses, cleaning and ids go.</summary>
    private void BeginWaiting()
    {
        while (_phase == LifePhase.Running && NextRequest() is { } request)
        {
            if (TriggerPlan.Make(topology, Subtasks, _finished, out var problem) is null)
            {
                _queue.Remove(request);
                Decline(request, CheckpointFailureReason.TasksNotRunning, problem!);
                StopFailsWith(request);
            }
            else if (TryTakeId(out var id))
            {
                _queue.Remove(request);
                Begin(id, request);
            }
            else
            {
                return;
            }
        }
    }

    private WaitingRequest? NextRequest() => _isStopping
        ? _queue.Requests.FirstOrDefault(static request => request.IsStop)
        : _queue.Next(Situation);

    private bool TryTakeId(out CheckpointId id)
    {
        id = new(_nextId);
        if (_nextId >= _record.NextId)
        {
            if (_changeUnderWay is not RegisterChange.ReserveIds
                && !_changes.Any(static c => c is RegisterChange.ReserveIds))
            {
                _changes.Enqueue(new RegisterChange.ReserveIds());
            }

            return false;
        }

        _nextId++;
        return true;
    }

    private void Begin(CheckpointId id, WaitingRequest waiting)
    {
        var request = waiting.Request;
        var pending = new PendingCheckpoint
        {
            Id = id,
            Kind = request.Kind,
            TriggeredAt = _now,
            Deadline = _now + options.Timeout,
            Request = new SnapshotRequest
            {
                CheckpointId = id,
                Kind = request.Kind,
                Format = request.Format,
                Base = request.Kind == CheckpointKind.Checkpoint ? _base : null,
                Job = topology.Job,
                Epoch = _record.Epoch,
                Attempt = _attempt,
                ExclusiveFolder = FolderOf(id, request),
                TriggeredAt = _now,
                Stop = request.Stop,
            },
        };
        if (waiting.Reply is { } reply)
        {
            pending.Replies.Add(reply);
        }
        else
        {
            // The interval counts from when it begins, however long it had to wait.
            BeginPeriod();
        }

        _pending.Add(id, pending);
        Report(new StatisticsEvent.Triggered(
            id, request.Kind, _record.Epoch, _attempt, _now, pending.Request.ExclusiveFolder,
            Subtasks.Count - _finished.Count));
        if (HasHooks)
        {
            _effects.Add(new CoordinatorEffect.CallHooks(id, _now));
        }
        else
        {
            SendTriggers(pending);
        }
    }

    private string FolderOf(CheckpointId id, CheckpointRequest request) => request.Kind == CheckpointKind.Savepoint
        ? StoragePath.Combine(
            StoragePath.Normalize(request.Target ?? "savepoints"),
            $"savepoint-{topology.Job.Name[..Math.Min(6, topology.Job.Name.Length)]}-{ids.NewGuid():N}")
        : CheckpointLayout.CheckpointFolder(topology.Job, id);

    private void FailWaiting(CheckpointFailureReason reason, string detail, CheckpointingException? cause = null)
    {
        foreach (var waiting in _queue.Clear())
        {
            Decline(waiting, reason, cause ?? new CheckpointDeclinedException(null, reason, detail));
            StopFailsWith(waiting);
        }
    }

    private void Decline(WaitingRequest waiting, CheckpointFailureReason reason, string detail) =>
        Decline(waiting, reason, new CheckpointDeclinedException(null, reason, detail));

    private void Decline(WaitingRequest waiting, CheckpointFailureReason reason, CheckpointingException cause)
    {
        if (waiting.Reply is { } reply)
        {
            _effects.Add(new CoordinatorEffect.SendAborted([], cause, [reply]));
            Report(new StatisticsEvent.Refused(reason));
        }
    }
}
