using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.KeyGroups;
using Checkpointing.SharedState;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Storage;
using Checkpointing.Storage.InMemory;

namespace Checkpointing.Tests.Coordination;

/// <summary>The coordinator's state machine without its shell: effects are answered one by one, in any order and with
/// any
/// outcome, and the four invariants are checked after each event.</summary>
internal sealed class CoreDriver
{
    private static readonly JobTopology s_topology = new JobTopology("job", 4) { { "source", 1, true }, { "sum", 2 } }
        .Connect("source", "sum");

    private readonly CoordinatorCore _core;
    private readonly IdSource _ids = IdSource.FromSeed(7);
    private readonly Guid _backend = Guid.Parse("6a1c2f0e-5b1d-4d0a-9a8e-000000000001");
    private readonly List<CoordinatorEffect> _todo = [];
    private readonly List<(SubtaskAddress Subtask, SnapshotRequest Request)> _asked = [];
    private readonly Dictionary<string, CompletedCheckpoint> _listed = [];
    private readonly Dictionary<CheckpointId, Dictionary<SubtaskAddress, SubtaskSnapshot>> _acknowledged = [];
    private readonly Dictionary<SubtaskAddress, List<StateFile>> _uploads = [];
    private readonly HashSet<SubtaskAddress> _finished = [];
    private readonly List<TaskCompletionSource<CompletedCheckpoint>> _replies = [];
    private readonly Dictionary<CheckpointId, CompletedCheckpoint> _written = [];
    private RegisterRecord _register;
    private DateTimeOffset _now = DateTimeOffset.UnixEpoch.AddYears(50);
    private bool _hasFailed;

    public CoreDriver(CheckpointCoordinatorOptions options, bool hasHooks)
    {
        _core = new(s_topology, options, _ids) { HasHooks = hasHooks };
        _register = new()
        {
            Job = "job",
            JobUid = _ids.NewGuid(),
            LineageId = _ids.NewGuid(),
            Epoch = 1,
            Holder = "test",
            NextId = 3,
            FirstIdOfEpoch = 1,
            Token = _ids.NewGuid(),
        };
        Recover();
    }

    /// <summary>Every id for which "completed" was sent or answered.</summary>
    public HashSet<CheckpointId> Completed { get; } = [];

    public bool HasFailed => _hasFailed;

    public int Pending => _core.PendingCount;

    public IEnumerable<Task> Replies => _replies.Select(static reply => reply.Task);

    /// <summary>Does one thing that may happen next; which, the number says.</summary>
    public void Act(int choice)
    {
        var (what, which) = (choice % 16, choice / 16);
        switch (what)
        {
            case 0 or 1:
                Trigger(which % 8 == 0 ? CheckpointRequest.FullCheckpoint : CheckpointRequest.Checkpoint);
                break;
            case 2 when which % 3 == 0:
                Trigger(CheckpointRequest.SavepointTo("savepoints") with { IsForced = which % 2 == 0 });
                break;
            case 3 when which % 6 == 0:
                Stop(which % 4 == 0 ? StopMode.Drain : StopMode.Suspend);
                break;
            case 4:
                _now += TimeSpan.FromSeconds(which % 7);
                Handle(new CoordinatorEvent.TimePassed());
                break;
            case 5 when which % 9 == 0:
                Recover();
                break;
            case 6 when which % 5 == 0 && _core.Subtasks.Count > 0:
                Finish(_core.Subtasks[which % _core.Subtasks.Count]);
                break;
            case 7 when which % 4 == 0:
                Handle(new CoordinatorEvent.CleaningProgressed(which % 3));
                break;
            case 8 or 9 or 10 when _asked.Count > 0:
                AnswerOne(which);
                break;
            default:
                CarryOutOne(which);
                break;
        }
    }

    /// <summary>Everybody answers, well, until nothing is left to do.</summary>
    public void Settle()
    {
        const int MaxSteps = 10_000;
        for (var step = 0; _todo.Count > 0 || _asked.Count > 0; step++)
        {
            if (step > MaxSteps)
            {
                throw new InvalidOperationException("It never comes to rest.");
            }

            if (_asked.Count > 0)
            {
                AnswerOne(0);
            }
            else
            {
                CarryOutOne(0);
            }
        }
    }

    public void End(JobTermination termination)
    {
        Handle(new CoordinatorEvent.Ending(termination));
        Settle();
    }

    public void Trigger(CheckpointRequest request) =>
        Handle(new CoordinatorEvent.TriggerRequested(request, NewReply()));

    public void Stop(StopMode mode) =>
        Trigger(CheckpointRequest.StopWithSavepoint("savepoints", mode));

    public void Fence() => _register = _register with { Epoch = _register.Epoch + 1, Token = _ids.NewGuid() };

    /// <summary>A subtask that has finished handles nothing more, so it answers nothing more either.</summary>
    private void Finish(SubtaskAddress subtask)
    {
        _finished.Add(subtask);
        _asked.RemoveAll(asked => asked.Subtask == subtask);
        Handle(new CoordinatorEvent.Finished(new(subtask)));
    }

    private void Recover()
    {
        Handle(new CoordinatorEvent.AttemptEnded());

        // The shell waits until every lane is idle.
        for (var i = 0; i < 1_000 && _todo.Count > 0; i++)
        {
            CarryOutOne(0);
        }

        if (_hasFailed || _todo.Count > 0)
        {
            return;
        }

        _asked.Clear();
        _uploads.Clear();
        var registry = new SharedStateRegistry();
        var readable = _register.Retained.Select(r => _listed[r.Path]).ToList();
        readable.ForEach(checkpoint => checkpoint.RegisterSharedStatesAfterRestored(registry));
        var owned = OwnedFolders.FindAsync(new InMemoryCheckpointStorage(), _register, [], default).AsTask()
            .GetAwaiter().GetResult();
        Handle(new CoordinatorEvent.Recovered(
            _register, registry, new(readable, []), readable.LastOrDefault(), owned,
            new([.. _register.Leaving.Select(r => _listed[r.Path])], [], [])));
        _finished.Clear();
        _finished.UnionWith(_core.Subtasks.Where(s => readable.LastOrDefault()?.Metadata.Operators
            .Any(o => o.Name == s.Operator && o.IsFullyFinished) == true));
        Handle(new CoordinatorEvent.Started());
    }

    private TaskCompletionSource<CompletedCheckpoint> NewReply()
    {
        var reply = new TaskCompletionSource<CompletedCheckpoint>();
        _replies.Add(reply);
        return reply;
    }

    private void Handle(CoordinatorEvent happened)
    {
        foreach (var effect in _core.Handle(happened, _now))
        {
            Check(effect);
            if (effect is not (CoordinatorEffect.Log or CoordinatorEffect.SetTimer or CoordinatorEffect.Report))
            {
                _todo.Add(effect);
            }
        }

        (_core.Record?.Epoch ?? 1).Should().BeLessThanOrEqualTo(_register.Epoch);
        _todo.Count(static effect => effect is CoordinatorEffect.ReplaceRegister).Should()
            .BeLessThanOrEqualTo(1, "one change of the register is under way at a time");
    }

    private void Check(CoordinatorEffect effect)
    {
        if (_hasFailed)
        {
            (effect is CoordinatorEffect.Delete or CoordinatorEffect.ReplaceRegister
                or CoordinatorEffect.WriteMetadata).Should().BeFalse("it has failed: {0}", effect);
        }

        switch (effect)
        {
            case CoordinatorEffect.Fail:
                _hasFailed = true;
                break;
            case CoordinatorEffect.SendCompleted { Checkpoint: var checkpoint }:
                if (checkpoint.Properties.Kind != CheckpointKind.Savepoint)
                {
                    _register.Retained.Select(static r => r.Path).Should()
                        .Contain(checkpoint.Path, "completed means named by the register");
                }

                Completed.Add(checkpoint.Id).Should().BeTrue("it completes once");
                break;
            case CoordinatorEffect.Delete delete:
                delete.Paths.Should().NotIntersectWith(Needed(), "{0}", delete.Why);
                break;
        }
    }

    /// <summary>Files of listed checkpoints, what was acknowledged to pending ones, and what metadata names that is
    /// being written.</summary>
    private IEnumerable<string> Needed()
    {
        var listed = _register.Retained.SelectMany(r => CheckpointReference.AllFiles(_listed[r.Path]));
        var pending = _core.PendingIds.Where(_acknowledged.ContainsKey)
            .SelectMany(id => _acknowledged[id].Values).Select(static s => s.Keyed)
            .OfType<IncrementalKeyedStateHandle>().SelectMany(static handle => handle.SharedFiles)
            .Select(static file => file.Handle).OfType<FileStateHandle>().Select(static file => file.Path);
        var unsettled = _todo.OfType<CoordinatorEffect.WriteMetadata>()
            .SelectMany(static write => CheckpointReference.AllFiles(write.Completed));
        return listed.Concat(pending).Concat(unsettled);
    }

    private void AnswerOne(int which)
    {
        var (subtask, request) = _asked[which % _asked.Count];
        if (which % 11 != 3)
        {
            // Otherwise it answers once more, later.
            _asked.RemoveAt(which % _asked.Count);
        }

        if (which % 7 == 5)
        {
            Handle(new CoordinatorEvent.Declined(new(
                subtask, request.CheckpointId, new CheckpointStorageUnavailableException("disk", "is full."))));
            return;
        }

        var snapshot = SnapshotOf(subtask, request, which % 13 == 8);
        if (_core.PendingIds.Contains(request.CheckpointId))
        {
            _acknowledged.TryAdd(request.CheckpointId, []);
            _acknowledged[request.CheckpointId].TryAdd(subtask, snapshot);
        }

        Handle(new CoordinatorEvent.Acknowledged(new(subtask, request.CheckpointId, snapshot)));
    }

    private SubtaskSnapshot SnapshotOf(SubtaskAddress subtask, SnapshotRequest request, bool givesUp)
    {
        if (request.Kind == CheckpointKind.Savepoint || subtask.Operator == "source")
        {
            return SubtaskSnapshot.Empty;
        }

        if (!_uploads.TryGetValue(subtask, out var uploads))
        {
            _uploads.Add(subtask, uploads = []);
        }

        var range = KeyGroupAssignment.RangeOf(subtask.Index, 2, 4);
        var gone = new List<SharedStateKey>();
        if (givesUp && uploads.Count > 0)
        {
            gone.Add(SharedStateKey.Of(((FileStateHandle)uploads[0].Handle).Path, _backend, range));
            uploads.RemoveAt(0);
        }

        var path = request.NewSharedPath(_backend, range, _ids);
        uploads.Add(new($"{uploads.Count:D6}.sst", new FileStateHandle(path, 10)));
        var handle = new IncrementalKeyedStateHandle(
            _backend, range, request.CheckpointId, uploads.ToValueList(), [], new FileStateHandle(
                request.NewExclusivePath(_ids), 1), 10);
        return new(handle, null, [], default, gone);
    }

    private void CarryOutOne(int which)
    {
        if (_todo.Count == 0)
        {
            return;
        }

        var effect = _todo[which % _todo.Count];
        _todo.RemoveAt(which % _todo.Count);
        switch (effect)
        {
            case CoordinatorEffect.SendTriggers send:
                _asked.AddRange(send.Messages.Where(m => !_finished.Contains(m.Target))
                    .Select(static m => (m.Target, m.Request)));
                if (send.Messages.FirstOrDefault(static m => m.Target.Operator == "source") is { } barrier)
                {
                    _asked.AddRange(_core.Subtasks.Where(s => s.Operator == "sum" && !_finished.Contains(s))
                        .Select(s => (s, barrier.Request)));
                }

                break;
            case CoordinatorEffect.CallHooks call:
                Handle(which % 7 == 6
                    ? new CoordinatorEvent.HookFailed(call.Id, new CheckpointHookException("hook", "failed"))
                    : new CoordinatorEvent.HooksAnswered(call.Id, []));
                break;
            case CoordinatorEffect.SendAborted aborted:
                foreach (var reply in aborted.Replies)
                {
                    reply.SetException(aborted.Cause);
                    _ = reply.Task.Exception;
                }

                break;
            case CoordinatorEffect.SendCompleted completed:
                completed.Replies.ToList().ForEach(reply => reply.SetResult(completed.Checkpoint));
                break;
            case CoordinatorEffect.WriteMetadata write:
                WriteMetadata(write, fails: which % 7 == 6);
                break;
            case CoordinatorEffect.ReplaceRegister replace:
                ReplaceRegister(replace, which % 11);
                break;
            case CoordinatorEffect.CheckPins check:
                Handle(new CoordinatorEvent.PinsChecked(check.Checkpoint, check.EndedCount, which % 5 == 4));
                break;
        }
    }

    private void WriteMetadata(CoordinatorEffect.WriteMetadata write, bool fails)
    {
        if (fails)
        {
            Handle(new CoordinatorEvent.MetadataFailed(
                write.Id, new CheckpointStorageUnavailableException("disk", "is full.")));
            return;
        }

        _written[write.Id] = write.Completed;
        Handle(new CoordinatorEvent.MetadataWritten(
            write.Id,
            new(write.Id, write.Folder, write.Completed.Properties.Kind, 1, ContentDigest.Of([1])),
            write.Completed));
    }

    private void ReplaceRegister(CoordinatorEffect.ReplaceRegister replace, int outcome)
    {
        if (_register.Epoch != replace.Record.Epoch)
        {
            Handle(new CoordinatorEvent.RegisterFailed(
                replace.Change, new CoordinatorFencedException("job", replace.Record.Epoch, _register.Epoch)));
        }
        else if (outcome == 9)
        {
            Handle(new CoordinatorEvent.RegisterFailed(
                replace.Change, new CheckpointStorageUnavailableException("register", "is away.")));
        }
        else if (outcome == 10)
        {
            // It may be in: here it is.
            Take(replace.Record);
            Handle(new CoordinatorEvent.RegisterFailed(
                replace.Change, new CheckpointOutcomeUnknownException("job", null)));
        }
        else
        {
            Take(replace.Record);
            Handle(new CoordinatorEvent.RegisterReplaced(replace.Change, replace.Record));
        }
    }

    private void Take(RegisterRecord record)
    {
        _register = record;
        foreach (var retained in record.Retained)
        {
            _listed.TryAdd(retained.Path, _written[retained.Id]);
        }
    }
}
