using Checkpointing.CompletedCheckpoints;

namespace Checkpointing.Coordination;

/// <content>Ending with a savepoint.</content>
public sealed partial class CheckpointCoordinator
{
    /// <summary>Ends the job with a savepoint: no other checkpoint begins, the savepoint is taken, and the subtasks are
    /// told to end with it.</summary>
    /// <remarks>
    /// <para>The trigger carries <see cref="State.SnapshotRequest.Stop"/>, which says what subtasks do with it.
    /// Checkpoints that are pending go on, and none of them can push the savepoint out. When the savepoint is durable,
    /// each subtask gets <see cref="CheckpointCompleted"/> with <see cref="CheckpointCompleted.Stop"/>, and this call
    /// returns; the host waits until its subtasks have ended, then calls <see cref="EndAsync"/>.</para>
    /// <para>If it fails, each subtask gets <see cref="CheckpointAborted"/> with <see cref="CheckpointAborted.Stop"/>,
    /// this call throws, and triggers go on. After a <see cref="StopMode.Drain"/> whose input has ended already, the
    /// host begins the next attempt with <see cref="RecoverAsync(bool, CancellationToken)"/>.</para>
    /// </remarks>
    /// <param name="target">The folder, below the storage's root, that the savepoint's own folder is made in.</param>
    /// <param name="mode">Where it stands, or as at the end of the input.</param>
    /// <param name="format">How keyed state is stored.</param>
    /// <param name="cancellationToken">Ends the wait; does not abort the savepoint.</param>
    /// <returns>The savepoint, durable; subtasks have been sent the notice.</returns>
    /// <exception cref="CheckpointDeclinedException">It did not start or did not complete; see its reason. With
    /// <see cref="CheckpointFailureReason.JobStopping"/> the job ends with another savepoint already.</exception>
    /// <exception cref="CoordinatorFencedException">Another process has taken over.</exception>
    public Task<CompletedCheckpoint> StopWithSavepointAsync(
        string target, StopMode mode, SavepointFormat format = SavepointFormat.Canonical,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        return TriggerAsync(CheckpointRequest.StopWithSavepoint(target, mode, format), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask ReportFinishedAsync(SubtaskFinished message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        Dispatch(new CoordinatorEvent.Finished(message));
        return ValueTask.CompletedTask;
    }
}
