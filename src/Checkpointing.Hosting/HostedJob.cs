using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;

namespace Checkpointing.Hosting;

/// <summary>A job of a host, from before it is started until after it has ended.</summary>
/// <remarks>Found in a <see cref="JobRegistry"/>. What is asked of a job that is being started waits until it runs.
/// Safe for concurrent calls.</remarks>
public sealed class HostedJob
{
    private readonly TaskCompletionSource<RunningJob> _started =
        new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Exception? _problem;

    internal HostedJob(JobId name)
    {
        Name = name;
        Completion = CompleteAsync();

        // Whoever does not look at the completion must not get an unobserved exception for it.
        _ = Completion.ContinueWith(
            static done => done.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    /// <summary>Name of the run.</summary>
    public JobId Name { get; }

    /// <summary>Where it stands.</summary>
    public JobStatus Status => Run is { } run ? StatusOf(run.Completion)
        : _started.Task.IsFaulted ? JobStatus.Failed
        : !_started.Task.IsCanceled ? JobStatus.Starting
        : _cancelled.Task.IsCompleted ? JobStatus.Cancelled
        : JobStatus.Suspended;

    /// <summary>Why it failed for good, or why its last try to start failed; null if neither.</summary>
    public Exception? Failure => Run is { } run
        ? run.Completion.Exception?.InnerException
        : _started.Task.Exception?.InnerException ?? Volatile.Read(ref _problem);

    /// <summary>The run; null while it is being started, and if it could not be.</summary>
    public RunningJob? Run => _started.Task.IsCompletedSuccessfully ? _started.Task.Result : null;

    /// <summary>The newest completed checkpoint; null if there is none, and while the job is being started.</summary>
    public CompletedCheckpoint? LatestCheckpoint => Run?.LatestCheckpoint;

    /// <summary>Completes when the job has ended; faults as <see cref="RunningJob.Completion"/> does, or with what kept
    /// it from being started; is cancelled when it was stopped before it was started.</summary>
    public Task<JobResult> Completion { get; }

    /// <summary>Ends when the job runs, or will not be started.</summary>
    internal Task StartEnded => _started.Task;

    /// <summary>Completes when a user cancels the job before it runs.</summary>
    internal Task CancelRequested => _cancelled.Task;

    /// <summary>Takes a checkpoint; waits while the job starts.</summary>
    /// <param name="cancellationToken">Ends the wait; does not abort the checkpoint.</param>
    /// <exception cref="CheckpointDeclinedException">It did not start or did not complete; see its reason.</exception>
    public Task<CompletedCheckpoint> TriggerCheckpointAsync(CancellationToken cancellationToken = default) =>
        TriggerAsync(CheckpointRequest.Checkpoint, cancellationToken);

    /// <summary>Takes a savepoint: self-contained, owned by the user; waits while the job starts.</summary>
    /// <param name="target">Folder below the storage's root that its own folder is made in.</param>
    /// <param name="cancellationToken">Ends the wait; does not abort the savepoint.</param>
    /// <exception cref="CheckpointDeclinedException">It did not start or did not complete; see its reason.</exception>
    public Task<CompletedCheckpoint> TriggerSavepointAsync(
        string target, CancellationToken cancellationToken = default) =>
        TriggerAsync(CheckpointRequest.SavepointTo(target), cancellationToken);

    /// <summary>Takes a checkpoint or savepoint; waits while the job starts.</summary>
    /// <param name="request">What.</param>
    /// <param name="cancellationToken">Ends the wait; does not abort it.</param>
    /// <exception cref="CheckpointDeclinedException">It did not start or did not complete; see its reason.</exception>
    public async Task<CompletedCheckpoint> TriggerAsync(
        CheckpointRequest request, CancellationToken cancellationToken = default)
    {
        var run = await WaitForRunAsync(cancellationToken).ConfigureAwait(false);
        return await run.TriggerAsync(request, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stops the job for good; see <see cref="RunningJob.CancelAsync"/>. One that is being started is not
    /// started.</summary>
    /// <param name="cancellationToken">Ends the wait; the job stops anyway.</param>
    /// <exception cref="JobFailedException">A sink could not commit; checkpoints were kept.</exception>
    public async Task CancelAsync(CancellationToken cancellationToken = default)
    {
        if (Run is null)
        {
            _cancelled.TrySetResult();
        }

        // The start may have been too far on to be cut off.
        await Task.WhenAny(_started.Task).WaitAsync(cancellationToken).ConfigureAwait(false);
        if (Run is { } run)
        {
            await run.CancelAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    internal void SetRunning(RunningJob run) => _started.TrySetResult(run);

    /// <summary>The last try to start it failed; there will be another.</summary>
    internal void SetProblem(Exception problem) => Volatile.Write(ref _problem, problem);

    /// <summary>It will not be started.</summary>
    internal void SetFailed(Exception failure) => _started.TrySetException(failure);

    /// <summary>It was stopped before it was started.</summary>
    internal void SetStopped() => _started.TrySetCanceled(CancellationToken.None);

    private static JobStatus StatusOf(Task<JobResult> completion) => completion switch
    {
        { IsFaulted: true } => JobStatus.Failed,
        { IsCompletedSuccessfully: false } => JobStatus.Running,
        { Result.Termination: JobTermination.Finished } => JobStatus.Finished,
        { Result.Termination: JobTermination.Cancelled } => JobStatus.Cancelled,
        _ => JobStatus.Suspended,
    };

    private async Task<RunningJob> WaitForRunAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAny(_started.Task).WaitAsync(cancellationToken).ConfigureAwait(false);
        return Run ?? throw new CheckpointDeclinedException(
            null, CheckpointFailureReason.JobStopping, $"job '{Name}' was not started", Failure);
    }

    private async Task<JobResult> CompleteAsync()
    {
        var run = await _started.Task.ConfigureAwait(false);
        return await run.Completion.ConfigureAwait(false);
    }
}
