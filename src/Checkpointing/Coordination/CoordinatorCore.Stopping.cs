using Checkpointing.CompletedCheckpoints;

namespace Checkpointing.Coordination;

/// <content>Ending with a savepoint; subtasks that end by themselves.</content>
internal sealed partial class CoordinatorCore
{
    private readonly HashSet<SubtaskAddress> _finished = [];

    // From the wish to end with a savepoint until that is aborted: nothing else begins.
    private bool _isStopping;

    /// <summary>A request to end the job is in the queue: nothing else begins before it has failed.</summary>
    private void OnStopWaits()
    {
        _isStopping = true;
        _nextPeriodicAt = null;
    }

    /// <summary>The savepoint is there: no checkpoint of this attempt comes after it.</summary>
    private void OnStopCompleted()
    {
        _phase = LifePhase.Stopped;
        _isStopping = false;
        FailWaiting(CheckpointFailureReason.JobStopping, "the job ends with a savepoint");
        foreach (var other in _pending.Values.Where(static p => p.State < PendingCheckpoint.Phase.WritingMetadata)
            .ToList())
        {
            Abort(other, CheckpointFailureReason.JobStopping, "the job ends with a savepoint", null);
        }
    }

    private void StopFailsWith(WaitingRequest request)
    {
        if (request.IsStop)
        {
            OnStopFailed();
        }
    }

    /// <summary>It will not be: the job goes on, and so do checkpoints.</summary>
    private void OnStopFailed()
    {
        _isStopping = false;
        if (_phase == LifePhase.Running)
        {
            BeginPeriod();
        }
    }

    private void OnSubtaskFinished(SubtaskFinished message)
    {
        if (!IsOfThisAttempt(message.Source))
        {
            Log(log => log.StaleMessageDropped(message.Source, 0, "finished in another job, epoch or attempt"));
            return;
        }

        if (!_finished.Add(message.Source))
        {
            return;
        }

        Log(log => log.SubtaskFinished(message.Source, _finished.Count, Subtasks.Count));
        foreach (var pending in _pending.Values.Where(p => p.Missing.Contains(message.Source)).ToList())
        {
            Abort(pending, CheckpointFailureReason.TaskFinished,
                $"{message.Source} finished before it took it; the next one does without it", null,
                message.Source.ToString());
        }
    }
}
