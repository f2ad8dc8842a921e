using Checkpointing.CompletedCheckpoints;
using Checkpointing.Statistics;

namespace Checkpointing.Coordination;

/// <content>What is told of the coordinator's decisions: statistics.</content>
public sealed partial class CheckpointCoordinator
{
    private readonly StatisticsTracker _tracker;
    private readonly StatisticsArchive _archive;
    private RestoredCheckpoint? _restored;
    private long _restoreBegan;

    /// <summary>What this job's checkpoints have been like, those of earlier processes included as far as they were
    /// stored. Never waits for the coordinator; safe from any thread, also after disposal.</summary>
    public CheckpointStatistics Statistics => _tracker.Snapshot;

    private StatisticsArchive MakeArchive()
    {
        var archive = new StatisticsArchive(
            _storage, _tracker, _topology.Job, _ids, _time, _scheduler, _logger, AddEarlierStatistics,
            paths => _cleaner.Schedule(paths));
        if (!_options.StoresStatistics)
        {
            archive.Stop();
        }

        return archive;
    }

    // Under the coordinator's lock: what leaves the list meanwhile is then either in this history or not in the list.
    private void AddEarlierStatistics(CheckpointStatistics earlier)
    {
        lock (_lock)
        {
            var retained = _core.Retained.Select(static checkpoint => checkpoint.Path)
                .Concat(_core.Record?.Retained.Select(static checkpoint => checkpoint.Path) ?? []).ToHashSet();
            _tracker.AddEarlier(earlier, retained.Contains);
        }
    }

    // Called under the coordinator's lock, in the order of the decisions.
    private void OnHappened(StatisticsEvent happened)
    {
        if (_tracker.Handle(happened) is { } ended)
        {
            _archive.Add(ended);
        }
    }

    private void BeginRestore() => (_restored, _restoreBegan) = (null, _time.GetTimestamp());

    private void ReportRestored()
    {
        if (_restored is { } restored)
        {
            _restored = null;
            var attempt = Subtasks[0];
            OnHappened(new StatisticsEvent.Restored(new(
                restored.Checkpoint.Id, restored.Checkpoint.Path, restored.Checkpoint.Properties.Kind,
                restored.IsForeign, attempt.Epoch, attempt.Attempt, _time.GetUtcNow(),
                _time.GetElapsedTime(_restoreBegan))));
            _archive.AddCount();
        }
    }

    /// <summary>A job that is over and keeps nothing else keeps no statistics either; after a failure they are wanted
    /// most.</summary>
    private Task EndStatisticsAsync(JobTermination termination)
    {
        var keepsNothing = termination is JobTermination.Finished or JobTermination.Cancelled
            && Locked(static core => core.Record is { Retained.Count: 0 });
        return keepsNothing ? _archive.RemoveAsync() : _archive.FinishAsync();
    }
}
