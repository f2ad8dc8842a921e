using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Storage;

namespace Checkpointing.Hosting.Control;

/// <summary>Requests to the jobs of a host by name, as an operator's console or a remote client makes them. Whatever
/// cannot be done is a <see cref="JobRequestException"/> that says which of a few things it was.</summary>
/// <remarks>Given by <see cref="InProcessHost.Control"/>. Safe for concurrent calls.</remarks>
public sealed class JobControl
{
    private readonly JobRegistry _jobs;
    private readonly ICheckpointStorage _storage;
    private readonly TimeProvider _time;

    internal JobControl(JobRegistry jobs, ICheckpointStorage storage, TimeProvider time) =>
        (_jobs, _storage, _time) = (jobs, storage, time);

    /// <summary>Takes a checkpoint or savepoint. While tasks are not ready, waits and tries again until the
    /// deadline.</summary>
    /// <param name="job">Name of the run.</param>
    /// <param name="request">What.</param>
    /// <param name="options">Deadline and epoch; null: the defaults.</param>
    /// <param name="cancellationToken">Ends the wait; does not abort the checkpoint.</param>
    /// <returns>Where it is; durable.</returns>
    /// <exception cref="UnknownJobException">The host has no job of this name; it names those that it has.</exception>
    /// <exception cref="JobRequestException">It could not be done; its <see cref="JobRequestException.Failure"/> says
    /// why, and what to do.</exception>
    public async Task<CheckpointAnswer> RequestCheckpointAsync(
        JobId job, CheckpointRequest request, JobRequestOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        options ??= new();
        options.Validate();
        var run = await FindAsync(job, options, cancellationToken).ConfigureAwait(false);
        if (!Enum.IsDefined(request.Kind) || !Enum.IsDefined(request.Format))
        {
            throw new JobRequestException(
                job, JobRequestFailure.UnknownCheckpointType,
                $"there is no checkpoint of kind {request.Kind} in format {request.Format}");
        }

        var completed = await TriggerAsync(run, request, options, cancellationToken).ConfigureAwait(false);
        await CheckPersistedAsync(job, completed, cancellationToken).ConfigureAwait(false);
        return new(
            job, completed.Id, completed.Path, completed.Metadata.Info?.TriggeredAt ?? default);
    }

    /// <summary>Cancels a job and waits until it has ended.</summary>
    /// <param name="job">Name of the run.</param>
    /// <param name="options">Epoch; null: any.</param>
    /// <param name="cancellationToken">Ends the wait; the job is cancelled anyway.</param>
    /// <exception cref="JobRequestException">There is no such job, it does not run any more, its epoch is another, or
    /// cancelling failed.</exception>
    public async Task CancelAsync(
        JobId job, JobRequestOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new();
        options.Validate();
        var run = await FindAsync(job, options, cancellationToken).ConfigureAwait(false);
        try
        {
            await run.CancelAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (CheckpointingException e)
        {
            throw new JobRequestException(job, JobRequestFailure.CancellationFailed, e.Message, e);
        }
    }

    /// <summary>The running job of a name; one that is being started is waited for.</summary>
    private async Task<RunningJob> FindAsync(
        JobId job, JobRequestOptions options, CancellationToken cancellationToken)
    {
        var hosted = _jobs[job.Name];
        try
        {
            await hosted.StartEnded.WaitAsync(options.Deadline, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw new JobRequestException(
                job, JobRequestFailure.TasksNotReady, $"it was still being started after {options.Deadline}", e);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever kept it from starting: it does not run.
            throw new JobRequestException(job, JobRequestFailure.JobNotRunning, "it did not start", e);
        }

        var run = hosted.Run!;
        if (options.Epoch is { } epoch && epoch != run.Epoch)
        {
            throw new JobRequestException(
                job, JobRequestFailure.StaleEpoch, $"the request is for epoch {epoch}, the job runs in {run.Epoch}");
        }

        return run.Completion.IsCompleted
            ? throw NotRunning(run)
            : run;
    }

    private async Task<CompletedCheckpoint> TriggerAsync(
        RunningJob run, CheckpointRequest request, JobRequestOptions options, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(options.Deadline, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        CheckpointDeclinedException? last = null;
        while (true)
        {
            try
            {
                await run.WaitUntilRunningAsync(both.Token).ConfigureAwait(false);
                return await run.TriggerOnceAsync(request, cancellationToken).ConfigureAwait(false);
            }
            catch (CheckpointDeclinedException e) when (IsNotReady(e.Reason))
            {
                last = e;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw NotReady(run, options, last);
            }
            catch (CheckpointingException e)
            {
                throw Refused(run, request, e);
            }

            try
            {
                await Task.Delay(options.RetryPause, _time, both.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw NotReady(run, options, last);
            }
        }
    }

    private static bool IsNotReady(CheckpointFailureReason reason) => reason
        is CheckpointFailureReason.TasksNotRunning or CheckpointFailureReason.TaskNotReady
        or CheckpointFailureReason.TaskClosing or CheckpointFailureReason.TaskFinished;

    private static JobRequestException Refused(
        RunningJob run, CheckpointRequest request, CheckpointingException cause)
    {
        var failure = cause switch
        {
            CoordinatorFencedException => JobRequestFailure.StaleEpoch,
            CheckpointDeclinedException { Reason: CheckpointFailureReason.CheckpointingDisabled } =>
                JobRequestFailure.CheckpointingDisabled,
            CheckpointDeclinedException { Reason: CheckpointFailureReason.JobStopping, CheckpointId: null }
                when run.Completion.IsCompleted => JobRequestFailure.JobNotRunning,
            CheckpointDeclinedException { Reason: CheckpointFailureReason.MetadataWriteFailed }
                when request.Kind == CheckpointKind.Savepoint => JobRequestFailure.SavepointNotPersisted,
            CheckpointDeclinedException { CheckpointId: not null } => JobRequestFailure.CompletionFailed,
            _ => JobRequestFailure.TriggerFailed,
        };
        return new(run.Name, failure, cause.Message, cause)
        {
            Reason = (cause as CheckpointDeclinedException)?.Reason ?? CheckpointFailureReason.None,
        };
    }

    private static JobRequestException NotReady(
        RunningJob run, JobRequestOptions options, CheckpointDeclinedException? last) => new(
            run.Name, JobRequestFailure.TasksNotReady,
            $"not all of its tasks were running within {options.Deadline}", last)
        {
            Reason = last?.Reason ?? CheckpointFailureReason.TasksNotRunning,
        };

    private static JobRequestException NotRunning(RunningJob run) => new(
        run.Name, JobRequestFailure.JobNotRunning,
        run.Completion.IsFaulted ? "it has failed" : "it has ended", run.Completion.Exception?.InnerException);

    /// <summary>What is completed is there, unless somebody took it away meanwhile.</summary>
    private async Task CheckPersistedAsync(
        JobId job, CompletedCheckpoint completed, CancellationToken cancellationToken)
    {
        if (completed.Properties.Kind == CheckpointKind.Savepoint
            && await _storage.GetLengthAsync(completed.MetadataPath, cancellationToken).ConfigureAwait(false) is null)
        {
            throw new JobRequestException(
                job, JobRequestFailure.SavepointNotPersisted, $"'{completed.MetadataPath}' is not there any more");
        }
    }
}
