using Checkpointing.CompletedCheckpoints;
using Checkpointing.Statistics;

namespace Checkpointing.Coordination;

/// <content>What is told of the coordinator's decisions: statistics.</content>
public sealed partial class CheckpointCoordinator
{
    private readonly StatisticsTracker _tracker;
    private readonly StatisticsArchive _archive;
    private readonly GaugeSource _gauges;
    private readonly CheckpointingInstruments _instruments;
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
        var ended = _tracker.Handle(happened);
        if (happened is StatisticsEvent.Acknowledged acknowledged)
        {
            _instruments.AddAcknowledged(_topology.Job, acknowledged.Operator, acknowledged.Times);
        }

        if (ended is not null)
        {
            _archive.Add(ended);
            _instruments.AddEnded(_topology.Job, ended);
        }

        TraceNeedsLock(happened, ended);
    }

    private void BeginRestore()
    {
        (_restored, _restoreBegan) = (null, _time.GetTimestamp());
        BeginRestoreSpan();
    }

    private RestoredCheckpoint KeepRestored(RestoredCheckpoint restored)
    {
        restored.TraceParent = _restoreSpan?.Id;
        _restored = restored;
        return restored;
    }

    private void ReportRestored()
    {
        var restored = _restored;
        _restored = null;
        if (restored is not null)
        {
            var attempt = Subtasks[0];
            var report = new RestoreReport(
                restored.Checkpoint.Id, restored.Checkpoint.Path, restored.Checkpoint.Properties.Kind,
                restored.IsForeign, attempt.Epoch, attempt.Attempt, _time.GetUtcNow(),
                _time.GetElapsedTime(_restoreBegan));
            _tracker.Handle(new StatisticsEvent.Restored(report));
            _archive.AddCount();
            _instruments.AddRestored(_topology.Job, report);
        }

        EndRestoreSpan(restored?.Checkpoint);
    }

    /// <summary>A job that is over and keeps nothing else keeps no statistics either; after a failure they are wanted
    /// most.</summary>
    private Task EndStatisticsAsync(JobTermination termination)
    {
        var keepsNothing = termination is JobTermination.Finished or JobTermination.Cancelled
            && Locked(static core => core.Record is { Retained.Count: 0 });
        return keepsNothing ? _archive.RemoveAsync() : _archive.FinishAsync();
    }

    private sealed class GaugeSource(CheckpointCoordinator owner) : IGaugeSource
    {
        public JobId Job => owner._topology.Job;

        public CheckpointStatistics Statistics => owner.Statistics;

        public TimeSpan? LastCompletedAge => owner.Statistics.LatestCompleted is { } latest
            ? owner._time.GetUtcNow() - latest.TriggeredAt - latest.Duration
            : null;

        public int SharedFiles => owner.Registry.Count;

        public int WaitingDeletions => owner._cleaner.Waiting;
    }
}
