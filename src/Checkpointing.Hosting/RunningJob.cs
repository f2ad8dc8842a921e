using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Hosting.Execution;
using Checkpointing.Statistics;

namespace Checkpointing.Hosting;

/// <summary>A job that runs, or has run.</summary>
/// <remarks>Safe for concurrent calls.</remarks>
public sealed class RunningJob : IAsyncDisposable
{
    private readonly JobRun _run;

    internal RunningJob(JobRun run) => _run = run;

    /// <summary>Name of the run.</summary>
    public JobId Name => _run.Name;

    /// <summary>Reign of its coordinator: grows with each start under this name.</summary>
    public long Epoch => _run.Epoch;

    /// <summary>Path of the checkpoint that the present attempt started from; null: from nothing.</summary>
    public string? RestoredFrom => _run.RestoredFrom;

    /// <summary>From the first look at the checkpoint to the last opened subtask of the present attempt.</summary>
    public TimeSpan RestoreDuration => _run.RestoreDuration;

    /// <summary>The newest completed checkpoint; null if there is none.</summary>
    public CompletedCheckpoint? LatestCheckpoint => _run.LatestCheckpoint;

    /// <summary>What its checkpoints have been like, those of earlier runs of the name included. Never waits; also
    /// after the job has ended.</summary>
    public CheckpointStatistics Statistics => _run.Statistics;

    /// <summary>When it was started.</summary>
    public DateTimeOffset StartedAt => _run.StartedAt;

    /// <summary>Checkpoints that have failed since the last one that completed, or since the present attempt
    /// began.</summary>
    public int FailuresInARow => _run.FailuresInARow;

    /// <summary>Files of retained checkpoints that were found damaged; see
    /// <see cref="CheckpointCoordinator.DamagedFiles"/>.</summary>
    public IReadOnlyList<ScrubProblem> DamagedFiles => _run.DamagedFiles;

    /// <summary>How often it was restarted.</summary>
    public int RestartCount => _run.RestartCount;

    /// <summary>Records read by all sources in this run, those read again after a restart included.</summary>
    public long ElementsRead => _run.Counters.ElementsRead;

    /// <summary>Records that came after their window was closed.</summary>
    public long LateElementsDropped => _run.Counters.LateElementsDropped;

    /// <summary>Completes when the job has finished, was cancelled or disposed; faults when it has failed for
    /// good.</summary>
    /// <remarks><see cref="JobFailedException"/> for a failure of its code; <see cref="CoordinatorFencedException"/>
    /// when another process has taken over.</remarks>
    public Task<JobResult> Completion => _run.Completion;

    /// <summary>Takes a checkpoint; waits while tasks start.</summary>
    /// <param name="cancellationToken">Ends the wait; does not abort the checkpoint.</param>
    /// <exception cref="CheckpointDeclinedException">It did not start or did not complete; see its reason.</exception>
    public Task<CompletedCheckpoint> TriggerCheckpointAsync(CancellationToken cancellationToken = default) =>
        TriggerAsync(CheckpointRequest.Checkpoint, cancellationToken);

    /// <summary>Takes a savepoint: self-contained, owned by the user; waits while tasks start.</summary>
    /// <param name="target">Folder below the storage's root that its own folder is made in.</param>
    /// <param name="cancellationToken">Ends the wait; does not abort the savepoint.</param>
    /// <exception cref="CheckpointDeclinedException">It did not start or did not complete; see its reason.</exception>
    public Task<CompletedCheckpoint> TriggerSavepointAsync(
        string target, CancellationToken cancellationToken = default) =>
        TriggerSavepointAsync(target, SavepointFormat.Canonical, cancellationToken);

    /// <summary>Takes a savepoint in a format: self-contained, owned by the user; waits while tasks start.</summary>
    /// <param name="target">Folder below the storage's root that its own folder is made in.</param>
    /// <param name="format">What is asked for; the result's properties say what was written.</param>
    /// <param name="cancellationToken">Ends the wait; does not abort the savepoint.</param>
    /// <exception cref="CheckpointDeclinedException">It did not start or did not complete; see its reason.</exception>
    public Task<CompletedCheckpoint> TriggerSavepointAsync(
        string target, SavepointFormat format, CancellationToken cancellationToken = default) =>
        TriggerAsync(CheckpointRequest.SavepointTo(target, format), cancellationToken);

    /// <summary>Takes a checkpoint or savepoint; waits while tasks start.</summary>
    /// <remarks>It begins within the checkpoint timeout (<see cref="CheckpointCoordinatorOptions.Timeout"/>) and ends
    /// within another, or is declined: because tasks did not run, others were pending, or files waited to be
    /// deleted.</remarks>
    /// <param name="request">What.</param>
    /// <param name="cancellationToken">Ends the wait; does not abort it.</param>
    /// <exception cref="CheckpointDeclinedException">It did not start or did not complete; see its reason.</exception>
    public Task<CompletedCheckpoint> TriggerAsync(
        CheckpointRequest request, CancellationToken cancellationToken = default) =>
        _run.TriggerAsync(request, cancellationToken);

    /// <summary>Takes a savepoint behind which nothing follows, commits what it holds, and ends the job: suspended or,
    /// drained, finished.</summary>
    /// <remarks>Start again from its path. Under the job's own name that needs
    /// <see cref="StartOptions.IgnoreOwnCheckpoints"/>, for a suspended job keeps its checkpoints and takes up the
    /// newest
    /// of them by itself.</remarks>
    /// <param name="target">Folder below the storage's root that the savepoint's own folder is made in.</param>
    /// <param name="mode">What happens to what is on its way. Default: nothing fires before its time.</param>
    /// <param name="format">What is asked for; the result's properties say what was written.</param>
    /// <param name="cancellationToken">Ends the wait; the job stops anyway.</param>
    /// <returns>The savepoint; the job has ended.</returns>
    /// <exception cref="CheckpointingException">There is no savepoint, or what it holds could not be committed: the job
    /// goes on. A drained job goes on from its newest checkpoint. The message says why.</exception>
    public Task<CompletedCheckpoint> StopWithSavepointAsync(
        string target, StopMode mode = StopMode.Suspend, SavepointFormat format = SavepointFormat.Canonical,
        CancellationToken cancellationToken = default)
    {
        if (!Enum.IsDefined(mode))
        {
            throw new ArgumentOutOfRangeException(nameof(mode), mode, "Suspend or Drain");
        }

        return _run.StopWithSavepointAsync(
            CheckpointRequest.StopWithSavepoint(target, mode, format), mode, cancellationToken);
    }

    /// <summary>Waits until an attempt runs.</summary>
    internal Task WaitUntilRunningAsync(CancellationToken cancellationToken) =>
        _run.WaitUntilRunningAsync(cancellationToken);

    /// <summary>As <see cref="TriggerAsync"/>, but does not wait for tasks.</summary>
    internal Task<CompletedCheckpoint> TriggerOnceAsync(
        CheckpointRequest request, CancellationToken cancellationToken) =>
        _run.TriggerOnceAsync(request, cancellationToken);

    /// <summary>Waits until all sources stand at their pause or at the end of their input, or the job has
    /// ended.</summary>
    /// <exception cref="CheckpointingException">The job has failed; what <see cref="Completion"/> faults
    /// with.</exception>
    public Task WaitForSourceIdleAsync(CancellationToken cancellationToken = default) =>
        _run.WaitForAsync(static attempt => attempt.Idle, cancellationToken);

    /// <summary>Waits until all operators have handled the end of the input, or the job has ended.</summary>
    /// <exception cref="CheckpointingException">The job has failed; what <see cref="Completion"/> faults
    /// with.</exception>
    public Task WaitForEndOfInputAsync(CancellationToken cancellationToken = default) =>
        _run.WaitForAsync(static attempt => attempt.Ended, cancellationToken);

    /// <summary>Stops the job for good. What a completed checkpoint has told its sinks to commit is committed; what the
    /// retention says happens to checkpoints. A job that has ended already stays as it is.</summary>
    /// <param name="cancellationToken">Ends the wait; the job stops anyway.</param>
    /// <exception cref="JobFailedException">A sink could not commit; checkpoints were kept.</exception>
    public Task CancelAsync(CancellationToken cancellationToken = default) => _run.CancelAsync(cancellationToken);

    /// <summary>Stops the job, if it runs, as if for a while: its checkpoints stay. Idempotent.</summary>
    public ValueTask DisposeAsync() => _run.DisposeAsync();
}
