using Checkpointing.Statistics;

namespace Checkpointing.Coordination;

/// <content>What is told of the coordinator's decisions: statistics.</content>
public sealed partial class CheckpointCoordinator
{
    private readonly StatisticsTracker _tracker;
    private RestoredCheckpoint? _restored;
    private long _restoreBegan;

    /// <summary>What this job's checkpoints have been like. Never waits for the coordinator; safe from any thread, also
    /// after disposal.</summary>
    public CheckpointStatistics Statistics => _tracker.Snapshot;

    // Called under the coordinator's lock, in the order of the decisions.
    private void OnHappened(StatisticsEvent happened) => _tracker.Handle(happened);

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
        }
    }
}
