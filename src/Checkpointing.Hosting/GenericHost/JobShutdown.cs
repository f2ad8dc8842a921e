using Checkpointing.Coordination;
using Microsoft.Extensions.Logging;

namespace Checkpointing.Hosting.GenericHost;

/// <summary>Stops jobs when a service is shut down, each as its options say, within the time that there is.</summary>
internal sealed class JobShutdown(ILogger logger, TimeProvider time)
{
    private const int MaxTries = 20;
    private static readonly TimeSpan s_pauseBetweenTries = TimeSpan.FromMilliseconds(250);

    // What a job needs to stop when there is no time left: its loops look for it between two records.
    private static readonly TimeSpan s_lastGrace = TimeSpan.FromSeconds(1);

    /// <summary>Stops a job. What fails is logged: a service that is shut down goes down.</summary>
    /// <param name="job">The job.</param>
    /// <param name="options">How.</param>
    /// <param name="outOfTime">Cancelled when the service's time is up.</param>
    public async Task StopAsync(HostedJob job, HostedJobOptions options, CancellationToken outOfTime)
    {
        var name = job.Name.Name;
        if (await WaitForRunAsync(job, outOfTime).ConfigureAwait(false) is not { } run || run.Completion.IsCompleted)
        {
            return;
        }

        try
        {
            await ActAsync(run, options, outOfTime).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (outOfTime.IsCancellationRequested)
        {
            logger.ShutdownCutOff(name, options.OnShutdown);
        }
        catch (CheckpointingException e)
        {
            logger.ShutdownActionFailed(e, name, options.OnShutdown);
        }

        try
        {
            var suspended = run.DisposeAsync().AsTask();
            await suspended.WaitAsync(outOfTime).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAny(run.Completion, Task.Delay(s_lastGrace, time, CancellationToken.None))
                .ConfigureAwait(false);
        }

        logger.JobStopped(name, job.Status, run.LatestCheckpoint?.Path);
    }

    private static async Task<RunningJob?> WaitForRunAsync(HostedJob job, CancellationToken outOfTime)
    {
        try
        {
            // A start that was cut off ends soon; one that was too far on gives a job that runs.
            await Task.WhenAny(job.StartEnded).WaitAsync(outOfTime).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
        }

        return job.Run;
    }

    private async Task ActAsync(RunningJob run, HostedJobOptions options, CancellationToken outOfTime)
    {
        switch (options.OnShutdown)
        {
            case ShutdownAction.Checkpoint:
                await TakeAsync(run, CheckpointRequest.Checkpoint, outOfTime).ConfigureAwait(false);
                break;
            case ShutdownAction.StopWithSavepoint:
                await StopWithSavepointAsync(run, options.SavepointTarget, outOfTime).ConfigureAwait(false);
                break;
            case ShutdownAction.Cancel:
                await run.CancelAsync(outOfTime).ConfigureAwait(false);
                break;
            default:
                break;
        }
    }

    // The savepoint is for the user, who may go back to it. The next process takes up the newest checkpoint, so there
    // is one behind it, and nothing is committed behind that: RunningJob.StopWithSavepointAsync would commit what the
    // savepoint holds, and a sink that cannot take rows back would refuse the older checkpoint.
    private async Task StopWithSavepointAsync(RunningJob run, string target, CancellationToken outOfTime)
    {
        var request = CheckpointRequest.SavepointTo(target);
        var savepoint = await TakeAsync(run, request, outOfTime).ConfigureAwait(false);
        logger.SavepointTaken(run.Name.Name, savepoint);
        await TakeAsync(run, CheckpointRequest.Checkpoint, outOfTime).ConfigureAwait(false);
    }

    private async Task<string> TakeAsync(RunningJob run, CheckpointRequest request, CancellationToken outOfTime)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return (await run.TriggerAsync(request, outOfTime).ConfigureAwait(false)).Path;
            }
            catch (CheckpointingException e) when (e.IsTransient && tries < MaxTries)
            {
                await Task.Delay(s_pauseBetweenTries, time, outOfTime).ConfigureAwait(false);
            }
        }
    }
}
