using Checkpointing.Coordination;

namespace Checkpointing.Hosting.Execution;

/// <summary>Carries the coordinator's messages to the mailboxes of the present attempt.</summary>
internal sealed class JobGateway : ITaskGateway
{
    private JobAttempt? _current;

    public JobAttempt? Current
    {
        get => Volatile.Read(ref _current);
        set => Volatile.Write(ref _current, value);
    }

    /// <summary>Hears of each checkpoint's end; null: nobody does.</summary>
    public ProgressReporter? Progress { get; set; }

    public ValueTask TriggerAsync(TriggerCheckpoint message, CancellationToken cancellationToken)
    {
        if (Current?.TryPost(message.Target, message) != true)
        {
            throw new CheckpointDeclinedException(
                message.CheckpointId, CheckpointFailureReason.DeliveryFailed,
                $"{message.Target} does not run any more");
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask NotifyCompletedAsync(CheckpointCompleted message, CancellationToken cancellationToken)
    {
        // A subtask that is gone needs no notice: whoever restores does what is left to do.
        Progress?.End(message.CheckpointId, JobPhase.Completed);
        _ = Current?.TryPost(message.Target, message);
        return ValueTask.CompletedTask;
    }

    public ValueTask NotifyAbortedAsync(CheckpointAborted message, CancellationToken cancellationToken)
    {
        Progress?.End(message.CheckpointId, JobPhase.Aborted);
        _ = Current?.TryPost(message.Target, message);
        return ValueTask.CompletedTask;
    }
}
