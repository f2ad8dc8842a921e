using Checkpointing.CompletedCheckpoints;
using Checkpointing.SharedState;
using Checkpointing.StateHandles;
using Checkpointing.Statistics;
using Checkpointing.Storage;

namespace Checkpointing.Coordination;

/// <content>When a checkpoint that left the list lets go of its files.</content>
internal sealed partial class CoordinatorCore
{
    // Left the list, but checkpoints triggered before that may still point into it by placeholder.
    private readonly List<Leaving> _leaving = [];

    // Left the list, but a foreign job has pinned them: looked at again when a checkpoint ends.
    private readonly List<CompletedCheckpoint> _pinned = [];

    // How many checkpoints have ended: a look at pins that began before the last of them may have seen an old state.
    private long _endedCount;

    // Paths of all that left the list and whose files were not let go yet: the record names them.
    private readonly HashSet<string> _unreleased = [];

    /// <summary>Whether a checkpoint that left the list is being let go here.</summary>
    public bool IsLeaving(string path) => _unreleased.Contains(path);

    /// <summary>What of it is pinned is seen when the next checkpoint ends.</summary>
    private void TakeUpLeaving(LeavingCheckpoints leaving)
    {
        foreach (var checkpoint in leaving.Loaded)
        {
            // It left the list, and its readers still need what it owns.
            checkpoint.RegisterSharedStatesAfterRestored(_registry);
            _pinned.Add(checkpoint);
            _unreleased.Add(checkpoint.Path);
        }

        _unreadable.UnionWith(leaving.Unreadable);
        _unreleased.UnionWith(leaving.Unreadable);
    }

    private ValueList<RetainedCheckpoint> LeavingAfter(ValueList<RetainedCheckpoint> retained)
    {
        var stays = retained.Select(static one => one.Path).ToHashSet();
        return _record.Leaving.Where(one => _unreleased.Contains(one.Path))
            .Concat(_record.Retained.Where(one => !stays.Contains(one.Path))).ToValueList();
    }

    private void SubsumeRetained(IReadOnlyList<CompletedCheckpoint> checkpoints)
    {
        foreach (var checkpoint in checkpoints)
        {
            _retained.Remove(checkpoint);
            _leaving.Add(new(checkpoint, [.. _pending.Keys]));
            _unreleased.Add(checkpoint.Path);
            Log(log => log.CheckpointSubsumed(topology.Job, checkpoint.Id.Value));
            Report(new StatisticsEvent.Discarded(checkpoint.Path));
        }

        ReleaseLeaving();
    }

    private void OnCheckpointEnded(CheckpointId id)
    {
        foreach (var leaving in _leaving)
        {
            leaving.WaitsFor.Remove(id);
        }

        _endedCount++;
        ReleaseLeaving();
        _pinned.ForEach(CheckPins);
        _pinned.Clear();
    }

    private void ReleaseLeaving()
    {
        foreach (var leaving in _leaving.Where(static l => l.WaitsFor.Count == 0).ToList())
        {
            _leaving.Remove(leaving);

            // The pointer is away already; whoever pins from now on finds that out.
            CheckPins(leaving.Checkpoint);
        }
    }

    private void CheckPins(CompletedCheckpoint checkpoint) =>
        _effects.Add(new CoordinatorEffect.CheckPins(checkpoint, _endedCount));

    private void OnPinsChecked(CoordinatorEvent.PinsChecked pins)
    {
        if (_phase == LifePhase.Failed)
        {
            return;
        }

        if (pins.IsPinned)
        {
            if (pins.EndedCount < _endedCount)
            {
                CheckPins(pins.Checkpoint);
            }
            else
            {
                _pinned.Add(pins.Checkpoint);
            }

            return;
        }

        _unreleased.Remove(pins.Checkpoint.Path);
        var why = $"checkpoint {pins.Checkpoint.Id} was subsumed";

        // Its metadata may name any file, and only what lies with it can be its alone.
        DeletePaths(
            CheckpointReference.ExclusiveFiles(pins.Checkpoint)
                .Where(path => StoragePath.IsBelow(path, pins.Checkpoint.Path)),
            why);
        Delete(_registry.ReleaseAll(pins.Checkpoint.Owner()), why);
    }

    private void OnEnding(JobTermination termination)
    {
        if (_phase is LifePhase.Failed or LifePhase.Ended or LifePhase.New)
        {
            _phase = _phase == LifePhase.New ? LifePhase.Ended : _phase;
            return;
        }

        EndAttempt(CheckpointFailureReason.JobStopping, "the job is stopping");
        _phase = LifePhase.Ended;
        var dropped = _retained.Where(c => !c.Properties.StaysAfter(termination)).ToList();
        if (dropped.Count > 0)
        {
            _changes.Enqueue(new RegisterChange.Drop(dropped));
        }

        // No task runs any more: what only attempts own, nobody needs.
        foreach (var subtask in Subtasks)
        {
            Delete(_registry.ReleaseAll(OwnerOf(subtask)), "its attempt is over");
        }
    }

    private void Delete(IEnumerable<SharedStateEntry> entries, string why) => DeletePaths(OwnPaths(entries), why);

    private IEnumerable<string> OwnPaths(IEnumerable<SharedStateEntry> entries) =>
        entries.Select(static entry => entry.Handle).OfType<FileStateHandle>()
            .Select(static file => file.Path).Where(path => _owned?.OwnsShared(path) == true);

    private void DeletePaths(IEnumerable<string> paths, string why)
    {
        // A checkpoint that cannot be read now may need any shared file: nothing goes while there is one.
        var deleted = _unreadable.Count == 0 ? paths.ToList() : [];
        if (deleted.Count > 0 && _phase != LifePhase.Failed)
        {
            _effects.Add(new CoordinatorEffect.Delete(deleted, why));
        }
    }

    private sealed record Leaving(CompletedCheckpoint Checkpoint, HashSet<CheckpointId> WaitsFor);
}
