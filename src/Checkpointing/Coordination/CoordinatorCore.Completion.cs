using Checkpointing.CompletedCheckpoints;
using Checkpointing.SharedState;
using Checkpointing.StateHandles;
using Checkpointing.Statistics;

namespace Checkpointing.Coordination;

/// <content>From durable metadata to the register, and from the register to everybody else.</content>
internal sealed partial class CoordinatorCore
{
    private void OnMetadataWritten(CoordinatorEvent.MetadataWritten written)
    {
        if (!_pending.TryGetValue(written.Id, out var pending))
        {
            DiscardUnsettled(written.Id);
            return;
        }

        pending.IsMetadataUnderWay = false;
        pending.Retained = written.Retained;
        pending.State = PendingCheckpoint.Phase.Committing;
        if (pending.IsSavepoint)
        {
            // A savepoint is the user's: complete when its metadata is there, listed nowhere, never a base.
            Complete(pending);
            return;
        }

        _changes.Enqueue(new RegisterChange.Add(pending));
    }

    private void OnMetadataFailed(CoordinatorEvent.MetadataFailed failed)
    {
        if (!_pending.TryGetValue(failed.Id, out var pending))
        {
            DiscardUnsettled(failed.Id);
            return;
        }

        pending.IsMetadataUnderWay = false;
        Abort(pending, CheckpointFailureReason.MetadataWriteFailed,
            $"its metadata could not be written: {failed.Cause.Message.TrimEnd('.')}", failed.Cause);
    }

    /// <summary>Begins the next change of the register, if none is under way.</summary>
    private void PumpRegister()
    {
        while (_changeUnderWay is null && _phase is not (LifePhase.Failed or LifePhase.New)
            && _changes.TryDequeue(out var change))
        {
            if (change is RegisterChange.Add { Pending: var pending })
            {
                if (!_pending.ContainsKey(pending.Id))
                {
                    continue;
                }

                if (_retained.Exists(checkpoint => checkpoint.Id >= pending.Id))
                {
                    Abort(pending, CheckpointFailureReason.Subsumed, "a newer checkpoint completed first", null);
                    continue;
                }
            }

            _changeUnderWay = change;
            _effects.Add(new CoordinatorEffect.ReplaceRegister(change, Apply(change)));
        }
    }

    /// <summary>The record that a change makes of the present one. Every one tops up the ids that are
    /// reserved.</summary>
    private RegisterRecord Apply(RegisterChange change)
    {
        var next = _record with
        {
            Token = ids.NewGuid(),
            NextId = Math.Max(_record.NextId, _nextId + CompletedCheckpointStore.IdBlock),
        };
        next = change switch
        {
            RegisterChange.Add add => next with
            {
                Retained = RetentionPolicy.Add(
                    _record.Retained, add.Pending.Retained!, _unreadable, options.MaxRetainedCheckpoints),

                // A checkpoint of our own needs nothing foreign. In the same change: whoever claims it next takes over
                // no pin, and nobody would clear ours.
                Pins = [],
            },
            RegisterChange.Drop drop => next with
            {
                Retained = _record.Retained.Where(r => !drop.Checkpoints.Any(c => c.Path == r.Path)).ToValueList(),
            },
            _ => next,
        };
        return next with { Leaving = LeavingAfter(next.Retained) };
    }

    private void OnRegisterReplaced(CoordinatorEvent.RegisterReplaced replaced)
    {
        _changeUnderWay = null;
        var before = _record;
        _record = replaced.Record;
        if (_phase == LifePhase.Failed)
        {
            // Whoever recovers makes room; the caller is told what is true.
            if (replaced.Change is RegisterChange.Add { Pending: var late })
            {
                CompleteWithoutTasks(late);
            }

            return;
        }

        // What the change took off the list, and what somebody else did meanwhile without taking the epoch.
        bool HasLeft(string path) =>
            before.Retained.Any(r => r.Path == path) && !_record.Retained.Any(r => r.Path == path);
        var dropped = _retained.Where(checkpoint => HasLeft(checkpoint.Path)).ToList();
        _unreadable.RemoveWhere(HasLeft);
        if (replaced.Change is RegisterChange.Add { Pending: var pending })
        {
            RemovePins(before.Pins);
            Complete(pending);
        }

        SubsumeRetained(replaced.Change is RegisterChange.Drop { Checkpoints: var checkpoints }
            ? [.. checkpoints.UnionBy(dropped, static checkpoint => checkpoint.Path)]
            : dropped);
        BeginWaiting();
    }

    private void OnRegisterFailed(CoordinatorEvent.RegisterFailed failed)
    {
        _changeUnderWay = null;
        if (_phase == LifePhase.Failed && failed is { Change: RegisterChange.Add { Pending: var late } }
            && failed.Cause is not CoordinatorFencedException { WasWritten: true })
        {
            AbortFailed(late, failed.Cause, CheckpointFailureReason.RegisterWriteFailed);
            return;
        }

        switch (failed.Cause)
        {
            case CoordinatorFencedException fenced:
                if (fenced.WasWritten && failed.Change is RegisterChange.Add { Pending: var named })
                {
                    // The record named it, so it is completed, and whoever asked for it is told so. Tasks are not:
                    // it is the other's to say now.
                    CompleteWithoutTasks(named);
                }

                Log(log => log.CoordinatorFenced(topology.Job, Epoch));
                Fail(failed.Cause, CheckpointFailureReason.Fenced);
                return;
            case CheckpointOutcomeUnknownException:
                Fail(failed.Cause, CheckpointFailureReason.OutcomeUnknown);
                return;
        }

        if (failed.Change is RegisterChange.Add { Pending: var pending })
        {
            // Definitely not written, so the checkpoint can be aborted like any other.
            pending.State = PendingCheckpoint.Phase.WritingMetadata;
            Abort(pending, CheckpointFailureReason.RegisterWriteFailed, "the register could not be replaced",
                failed.Cause);
        }
        else if (failed.Change is RegisterChange.ReserveIds)
        {
            FailWaiting(CheckpointFailureReason.IdReservationFailed, "no checkpoint id could be reserved");
        }
    }

    private void CompleteWithoutTasks(PendingCheckpoint pending)
    {
        _pending.Remove(pending.Id);
        _effects.Add(new CoordinatorEffect.SendCompleted(
            [], pending.Completed! with { Duration = _now - pending.TriggeredAt }, pending.Replies));
    }

    /// <summary>The commit point is behind: tell everybody, then make room.</summary>
    private void Complete(PendingCheckpoint pending)
    {
        var completed = pending.Completed! with { Duration = _now - pending.TriggeredAt };
        _pending.Remove(pending.Id);
        if (!pending.IsSavepoint)
        {
            _failures.Completed(pending.Id);
        }

        _lastCompletedAt = _now;
        if (!pending.IsSavepoint)
        {
            _retained.Add(completed);
            _base = pending.Id;
        }

        _effects.Add(new CoordinatorEffect.SendCompleted(
            pending is { IsSavepoint: true, Request.Stop: null }
                ? []
                : [.. pending.Participants.Select(
                    s => new CheckpointCompleted(s, pending.Id) { Stop = pending.Request.Stop })],
            completed,
            pending.Replies));
        Log(log => log.CheckpointCompleted(
            topology.Job, completed.Id.Value, completed.Metadata.StateSizeBytes, completed.NewBytes,
                completed.Cost.Transfers, completed.Duration.TotalMilliseconds));
        Report(new StatisticsEvent.Completed(
            pending.Id, _now, completed.Metadata.StateSizeBytes, pending.Retained!.MetadataBytes));

        if (!pending.IsSavepoint)
        {
            foreach (var older in _pending.Values.Where(p => p.Id < pending.Id && !p.IsSavepoint
                && p.State != PendingCheckpoint.Phase.Committing).ToList())
            {
                Abort(older, CheckpointFailureReason.Subsumed, $"checkpoint {pending.Id} completed first", null);
            }
        }

        if (pending.Request.Stop is not null)
        {
            OnStopCompleted();
        }

        OnCheckpointEnded(pending.Id);
        BeginWaiting();
    }

    /// <summary>Deletes pins that the register does not name any more. Should we not come to it, they are stale, and
    /// anybody's to delete.</summary>
    private void RemovePins(ValueList<string> pins)
    {
        if (pins.Count > 0)
        {
            _effects.Add(new CoordinatorEffect.RemovePins([.. pins]));
        }
    }

    private void AbortIfPending(
        CheckpointId id, CheckpointFailureReason reason, string detail, CheckpointingException? cause)
    {
        if (_pending.TryGetValue(id, out var pending) && pending.State != PendingCheckpoint.Phase.Committing)
        {
            Abort(pending, reason, detail, cause);
        }
    }

    private void Abort(
        PendingCheckpoint pending, CheckpointFailureReason reason, string detail, CheckpointingException? cause,
            string? subtask = null)
    {
        if (!_pending.Remove(pending.Id))
        {
            // One of several that end together: the failure of an earlier one was one too many, and ended all.
            return;
        }

        RememberFolder(pending);
        var exception = new CheckpointDeclinedException(pending.Id, reason, detail, cause) { Subtask = subtask };
        _effects.Add(new CoordinatorEffect.SendAborted(MakeAborted(pending, reason), exception, pending.Replies));
        Log(log => log.CheckpointAborted(topology.Job, pending.Id.Value, reason, detail));
        Report(new StatisticsEvent.Failed(pending.Id, _now, reason, detail, subtask));

        if (pending.IsMetadataUnderWay)
        {
            _unsettled.Add(pending.Id, pending);
        }
        else
        {
            Discard(pending);
        }

        OnCheckpointEnded(pending.Id);
        if (pending.Request.Stop is not null)
        {
            OnStopFailed();
        }

        // A savepoint is the user's matter: its failure is no sign that checkpoints fail.
        if (!pending.IsSavepoint && _failures.Failed(pending.Id, reason))
        {
            Fail(exception, reason);
        }

        BeginWaiting();
    }

    /// <summary>One that was aborted while its metadata was being written: how that ended is known now.</summary>
    private void DiscardUnsettled(CheckpointId id)
    {
        if (_unsettled.Remove(id, out var aborted))
        {
            Discard(aborted);
        }
    }

    /// <summary>In one removal, which takes the metadata first: without it nobody takes the rest for a
    /// checkpoint.</summary>
    private void Discard(PendingCheckpoint aborted) =>
        DeletePaths(
            [
                .. aborted.Completed is null ? [] : new[] { aborted.Completed.MetadataPath },
                .. aborted.Snapshots.Values.SelectMany(
                    snapshot => ExclusiveFilesOf(snapshot, aborted.Request.ExclusiveFolder)),
                .. OwnPaths(_registry.ReleaseAll(OwnerOf(aborted.Id))),
            ],
            $"of checkpoint {aborted.Id}, which was aborted");

    /// <summary>Subtasks may yet acknowledge files in the folder of a savepoint, and no sweep goes there.</summary>
    private void RememberFolder(PendingCheckpoint pending)
    {
        const int MaxRemembered = 64;
        if (pending.IsSavepoint)
        {
            _abortedSavepoints[pending.Id] = pending.Request.ExclusiveFolder;
            if (_abortedSavepoints.Count > MaxRemembered)
            {
                _abortedSavepoints.Remove(_abortedSavepoints.Keys.Min());
            }
        }
    }
}
