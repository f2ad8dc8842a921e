using Checkpointing.State;

namespace Checkpointing.Coordination;

/// <summary>One subtask of one attempt of a job. Messages that carry another job, epoch or attempt are stale and
/// dropped.</summary>
/// <param name="Job">The job.</param>
/// <param name="Epoch">Reign of the coordinator, from 1.</param>
/// <param name="Attempt">Attempt of the job within the epoch, from 0.</param>
/// <param name="Operator">Name of the operator.</param>
/// <param name="Index">The subtask, from 0.</param>
public sealed record SubtaskAddress(JobId Job, long Epoch, int Attempt, string Operator, int Index)
{
    /// <summary>For example <c>totals[1]</c>.</summary>
    public override string ToString() => $"{Operator}[{Index}]";
}

/// <summary>To a source subtask: begin this checkpoint (others are reached by barriers).</summary>
/// <param name="Target">Whom it is for.</param>
/// <param name="Request">What to write, and where. It travels with the barrier.</param>
/// <param name="TriggeredAt">When it was triggered.</param>
public sealed record TriggerCheckpoint(SubtaskAddress Target, SnapshotRequest Request, DateTimeOffset TriggeredAt)
{
    /// <summary>The checkpoint.</summary>
    public CheckpointId CheckpointId => Request.CheckpointId;
}

/// <summary>To a subtask: the checkpoint is durable.</summary>
/// <param name="Target">Whom it is for.</param>
/// <param name="CheckpointId">The checkpoint.</param>
public sealed record CheckpointCompleted(SubtaskAddress Target, CheckpointId CheckpointId)
{
    /// <summary>Not null: it is the savepoint that the job ends with. Commit what belongs to it, then end.</summary>
    public StopMode? Stop { get; init; }
}

/// <summary>To a subtask: the checkpoint will never complete.</summary>
/// <param name="Target">Whom it is for.</param>
/// <param name="CheckpointId">The checkpoint.</param>
/// <param name="Reason">Why.</param>
public sealed record CheckpointAborted(
    SubtaskAddress Target, CheckpointId CheckpointId, CheckpointFailureReason Reason)
{
    /// <summary>Not null: it was the savepoint that the job was to end with. The job goes on; see
    /// <see cref="SnapshotRequest.Stop"/>.</summary>
    public StopMode? Stop { get; init; }
}

/// <summary>From a subtask: my state of this checkpoint is stored.</summary>
public sealed record AcknowledgeCheckpoint(SubtaskAddress Source, CheckpointId CheckpointId, SubtaskSnapshot Snapshot);

/// <summary>From a subtask: I cannot do this checkpoint.</summary>
public sealed record DeclineCheckpoint(SubtaskAddress Source, CheckpointId CheckpointId, CheckpointingException Cause);

/// <summary>From a subtask: my input has ended, what I had to commit is committed, and I shall handle nothing
/// more.</summary>
/// <remarks>It takes part in no further checkpoint of this attempt; those that still wait for it are aborted.</remarks>
/// <param name="Source">The subtask.</param>
public sealed record SubtaskFinished(SubtaskAddress Source);

/// <summary>Carries messages from the coordinator to tasks. Implemented by a host; knows the transport that the
/// coordinator does not.</summary>
/// <remarks>Sends and returns; the order of messages to one subtask is kept. A delivery that fails is reported by
/// throwing a
/// <see cref="CheckpointingException"/>. Called by one caller at a time.</remarks>
public interface ITaskGateway
{
    /// <summary>Sends a trigger.</summary>
    ValueTask TriggerAsync(TriggerCheckpoint message, CancellationToken cancellationToken);

    /// <summary>Sends a notice of completion.</summary>
    ValueTask NotifyCompletedAsync(CheckpointCompleted message, CancellationToken cancellationToken);

    /// <summary>Sends a notice of abortion.</summary>
    ValueTask NotifyAbortedAsync(CheckpointAborted message, CancellationToken cancellationToken);
}

/// <summary>Takes messages of tasks. The coordinator implements it.</summary>
/// <remarks>Safe for concurrent calls. Returns when the message is taken in, not when it is acted on. Stale messages
/// are dropped.</remarks>
public interface ICheckpointResponder
{
    /// <summary>Takes an acknowledgement.</summary>
    ValueTask AcknowledgeAsync(AcknowledgeCheckpoint message, CancellationToken cancellationToken);

    /// <summary>Takes a decline.</summary>
    ValueTask DeclineAsync(DeclineCheckpoint message, CancellationToken cancellationToken);

    /// <summary>Takes the news that a subtask has finished.</summary>
    ValueTask ReportFinishedAsync(SubtaskFinished message, CancellationToken cancellationToken);
}
