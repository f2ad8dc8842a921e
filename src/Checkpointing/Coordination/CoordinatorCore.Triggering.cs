using Checkpointing.CompletedCheckpoints;
using Checkpointing.State;
using Checkpointing.Statistics;
using Checkpointing.Storage;

namespace Checkpointing.Coordination;

/// <content>Trigger or not, and with which id and base.</content>
internal sealed partial class CoordinatorCore
{
    private const int MaxWaitingRequests = 100;

    // Requests by hand that wait for a slot or for ids, oldest first.
    private readonly LinkedList<CoordinatorEvent.TriggerRequested> _waiting = [];
    private long _nextId;
    private DateTimeOffset? _nextPeriodicAt;
    private DateTimeOffset? _lastCompletedAt;

    private int PendingCheckpoints => _pending.Values.Count(static p => !p.IsSavepoint);

    private void OnTriggerRequested(CoordinatorEvent.TriggerRequested trigger)
    {
        if (_phase != LifePhase.Running)
        {
            var (reason, detail) = _phase switch
            {
                LifePhase.Ended => (CheckpointFailureReason.CoordinatorShutdown, "the job has ended"),
                LifePhase.Failed => (CheckpointFailureReason.CoordinatorShutdown, "the coordinator has failed"),
                _ => (CheckpointFailureReason.TasksNotRunning,
                    "not all tasks are running yet; trigger again once they are"),
            };
            Decline(trigger, reason, detail);
        }
        else if (_waiting.Count >= MaxWaitingRequests)
        {
            Decline(trigger, CheckpointFailureReason.TooManyConcurrentCheckpoints,
                $"{MaxWaitingRequests} requests wait already");
        }
        else
        {
            _waiting.AddLast(trigger);
            TriggerWaiting();
        }
    }

    private void OnTimePassed()
    {
        foreach (var late in _pending.Values
            .Where(p => p.State != PendingCheckpoint.Phase.Committing && p.Deadline <= _now).ToList())
        {
            var missing = late.Missing.Count == 0 ? "the storage" : string.Join(", ", late.Missing.Take(3));
            Abort(
                late,
                CheckpointFailureReason.Expired,
                $"it took longer than {options.Timeout}; not heard of: {missing}",
                null);
        }

        if (_phase == LifePhase.Running && _nextPeriodicAt <= _now)
        {
            TriggerPeriodic();
        }
    }

    private void TriggerPeriodic()
    {
        var pauseEnds = _lastCompletedAt + options.MinPause;
        if (pauseEnds > _now)
        {
            _nextPeriodicAt = pauseEnds;
            return;
        }

        _nextPeriodicAt = _now + options.Interval;

        // With no slot or id free, the end of a pending checkpoint makes room before the next interval is over.
        if (PendingCheckpoints < options.MaxConcurrent && TryTakeId(out var id))
        {
            Begin(id, CheckpointRequest.Checkpoint, null);
        }
    }

    /// <summary>Begins what waits, as far as slots and ids go. Savepoints need no slot.</summary>
    private void TriggerWaiting()
    {
        for (var node = _waiting.First; node is not null && _phase == LifePhase.Running;)
        {
            var (next, request) = (node.Next, node.Value.Request);
            if (request.Kind == CheckpointKind.Savepoint || PendingCheckpoints < options.MaxConcurrent)
            {
                if (!TryTakeId(out var id))
                {
                    return;
                }

                _waiting.Remove(node);
                Begin(id, request, node.Value.Reply);
            }

            node = next;
        }
    }

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

    private void Begin(CheckpointId id, CheckpointRequest request, TaskCompletionSource<CompletedCheckpoint>? reply)
    {
        var pending = new PendingCheckpoint
        {
            Id = id,
            Kind = request.Kind,
            TriggeredAt = _now,
            Deadline = _now + options.Timeout,
            Missing = [.. Subtasks],
            Request = new SnapshotRequest
            {
                CheckpointId = id,
                Kind = request.Kind,
                Format = request.Format,
                Stop = request.Stop,
                Base = request.Kind == CheckpointKind.Checkpoint ? _base : null,
                Job = topology.Job,
                Epoch = _record.Epoch,
                Attempt = _attempt,
                ExclusiveFolder = FolderOf(id, request),
                TriggeredAt = _now,
            },
        };
        if (reply is not null)
        {
            pending.Replies.Add(reply);
        }

        _pending.Add(id, pending);
        Report(new StatisticsEvent.Triggered(
            id, request.Kind, _record.Epoch, _attempt, _now, pending.Request.ExclusiveFolder, Subtasks.Count));
        var all = !topology.Operators.Any(static o => o.IsSource);
        var sources = topology.Operators.Where(o => all || o.IsSource).Select(static o => o.Name).ToHashSet();
        _effects.Add(new CoordinatorEffect.SendTriggers(
            id,
            [.. Subtasks.Where(s => sources.Contains(s.Operator))
                .Select(s => new TriggerCheckpoint(s, pending.Request, _now))]));
        Log(log => log.CheckpointTriggered(topology.Job, id.Value, request.Kind, pending.Request.Base?.Value ?? 0));
    }

    private string FolderOf(CheckpointId id, CheckpointRequest request) => request.Kind == CheckpointKind.Savepoint
        ? StoragePath.Combine(
            StoragePath.Normalize(request.Target ?? "savepoints"),
            $"savepoint-{topology.Job.Name[..Math.Min(6, topology.Job.Name.Length)]}-{ids.NewGuid():N}")
        : CheckpointLayout.CheckpointFolder(topology.Job, id);

    private void FailWaiting(CheckpointFailureReason reason, string detail, CheckpointingException? cause = null)
    {
        foreach (var waiting in _waiting)
        {
            _effects.Add(new CoordinatorEffect.SendAborted(
                [], cause ?? new CheckpointDeclinedException(null, reason, detail), [waiting.Reply]));
            Report(new StatisticsEvent.Refused(reason));
        }

        _waiting.Clear();
    }

    private void Decline(CoordinatorEvent.TriggerRequested trigger, CheckpointFailureReason reason, string detail)
    {
        _effects.Add(new CoordinatorEffect.SendAborted(
            [], new CheckpointDeclinedException(null, reason, detail), [trigger.Reply]));
        Report(new StatisticsEvent.Refused(reason));
    }
}
