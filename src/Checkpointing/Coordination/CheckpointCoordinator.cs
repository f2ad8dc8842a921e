using Checkpointing.CompletedCheckpoints;

namespace Checkpointing.Coordination;

/// <summary>Takes consistent checkpoints of one job, keeps the list of completed ones, and finds what to start from.</summary>
/// <remarks>
/// <para>Knows no transport: it calls <see cref="ITaskGateway"/>, tasks call <see cref="ICheckpointResponder"/>.</para>
/// <para>Life: build; <see cref="RecoverAsync"/> (takes the epoch); perhaps <see cref="ResumeAsync"/>; start the tasks of
/// <see cref="Subtasks"/>; <see cref="Start"/>. When a task fails: <see cref="RecoverAsync"/> again, which begins the next
/// attempt. All members are safe for concurrent calls.</para>
/// </remarks>
public sealed class CheckpointCoordinator : ICheckpointResponder, IAsyncDisposable
{
    /// <summary>Reign of this coordinator; 0 before <see cref="RecoverAsync"/>.</summary>
    public long Epoch => throw new NotImplementedException();

    /// <summary>Goes on from a job to one resumed from its checkpoint; names sink transactions.</summary>
    public Guid LineageId => throw new NotImplementedException();

    /// <summary>Subtasks of the present attempt, in the order of the topology.</summary>
    public IReadOnlyList<SubtaskAddress> Subtasks => throw new NotImplementedException();

    /// <summary>The newest completed checkpoint; null if there is none.</summary>
    public CompletedCheckpoint? LatestCompleted => throw new NotImplementedException();

    /// <summary>Faults with the cause when the coordinator can no longer do its work: fenced, outcome unknown, or too many
    /// failures in a row. The host then ends the job (or recovers). Never completes otherwise until disposed.</summary>
    public Task Failure => throw new NotImplementedException();

    /// <summary>Takes the epoch (first call), aborts what is pending, begins the next attempt, registers shared state again and
    /// gives this job's newest completed checkpoint; null if it has none.</summary>
    /// <param name="cancellationToken">Observed between steps.</param>
    /// <exception cref="CoordinatorFencedException">Another process has taken over since.</exception>
    public Task<RestoredCheckpoint?> RecoverAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Starts from a given checkpoint, of this job or another. Call it after <see cref="RecoverAsync"/>, before the tasks start.</summary>
    /// <param name="path">Folder of a checkpoint or savepoint, or its <c>_metadata</c>.</param>
    /// <param name="options">Claim mode and leniency.</param>
    /// <param name="cancellationToken">Observed between steps.</param>
    /// <exception cref="CheckpointNotFoundException">There is none; the message names what is nearby.</exception>
    public Task<RestoredCheckpoint> ResumeAsync(string path, ResumeOptions? options = null, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>All tasks run: triggers are allowed from here, periodic ones begin.</summary>
    public void Start() => throw new NotImplementedException();

    /// <summary>Takes a checkpoint or savepoint.</summary>
    /// <param name="request">What.</param>
    /// <param name="cancellationToken">Ends the wait; does not abort the checkpoint.</param>
    /// <returns>The checkpoint, durable; tasks have been sent the notice of completion.</returns>
    /// <exception cref="CheckpointDeclinedException">It did not start or did not complete; see its reason.</exception>
    public Task<CompletedCheckpoint> TriggerAsync(CheckpointRequest request, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Stops triggering and aborts what is pending; then keeps or deletes retained checkpoints as their properties say.</summary>
    public Task EndAsync(JobTermination termination, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask AcknowledgeAsync(AcknowledgeCheckpoint message, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask DeclineAsync(DeclineCheckpoint message, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Stops and waits. Idempotent. Retained checkpoints stay, as after suspension.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
