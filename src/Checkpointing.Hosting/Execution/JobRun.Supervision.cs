using System.Buffers.Binary;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;

namespace Checkpointing.Hosting.Execution;

/// <content>What happens when something ends: an attempt, the input, the coordinator's reign, the user's
/// patience.</content>
internal sealed partial class JobRun
{
    private const int MaxFinalCheckpointTries = 100;
    private static readonly TimeSpan FinalCheckpointPause = TimeSpan.FromMilliseconds(100);

    private async Task SuperviseAsync(JobAttempt first)
    {
        Outcome outcome;
        try
        {
            var (attempt, ended) = (first, (Outcome?)null);
            while (ended is null)
            {
                (attempt, ended) = await SuperviseAttemptAsync(attempt).ConfigureAwait(false);
            }

            outcome = ended;
        }
        catch (Exception e)
        {
            // The edge of the job's own work: what gets here is the job's failure.
            outcome = await FailAsync(new(null, null, e)).ConfigureAwait(false);
        }

        if (_gateway.Current is { } current)
        {
            await EndAttemptAsync(current, handlesNotices: false).ConfigureAwait(false);
        }

        _lastCheckpoint = _coordinator.LatestCompleted;
        await _coordinator.DisposeAsync().ConfigureAwait(false);
        _logger.JobEnded(Name.Name, outcome.Termination);
        Complete(outcome);
    }

    private void Complete(Outcome outcome)
    {
        if (outcome.Failure is { } failure)
        {
            _completion.TrySetException(failure);
        }
        else
        {
            _completion.TrySetResult(new(outcome.Termination, _lastCheckpoint?.Path, RestartCount)
            {
                Savepoint = _savepoint?.Path,
            });
        }
    }

    /// <returns>The attempt to go on with, or how the job has ended.</returns>
    private async Task<(JobAttempt Attempt, Outcome? End)> SuperviseAttemptAsync(JobAttempt attempt)
    {
        var finished = _options.FinishAtEndOfInput ? attempt.Ended : _stopRequest.Task;
        var savepointStop = _savepointStop.Task;
        await Task.WhenAny(attempt.Failure, _coordinator.Failure, _stopRequest.Task, savepointStop, finished)
            .ConfigureAwait(false);
        if (_coordinator.Failure.IsFaulted)
        {
            return (attempt, await EndWithCoordinatorAsync(attempt).ConfigureAwait(false));
        }

        if (attempt.Failure.IsCompleted)
        {
            return await ReplaceAsync(attempt).ConfigureAwait(false);
        }

        if (_stopRequest.Task.IsCompleted)
        {
            return await StopAsync(attempt, await _stopRequest.Task.ConfigureAwait(false)).ConfigureAwait(false);
        }

        if (savepointStop.IsCompleted)
        {
            var stop = await savepointStop.ConfigureAwait(false);
            Volatile.Write(ref _savepointStop, NewSavepointStop());
            return await StopWithSavepointAsync(attempt, stop).ConfigureAwait(false);
        }

        return await TryTakeFinalCheckpointAsync(attempt).ConfigureAwait(false)
            ? await StopAsync(attempt, JobTermination.Finished).ConfigureAwait(false)
            : (attempt, null);
    }

    private async Task<Outcome> EndWithCoordinatorAsync(JobAttempt attempt)
    {
        await EndAttemptAsync(attempt, handlesNotices: false).ConfigureAwait(false);
        var cause = _coordinator.Failure.Exception!.InnerException!;
        return cause is CoordinatorFencedException or CheckpointOutcomeUnknownException
            ? new(JobTermination.Failed, cause)
            : await FailAsync(new(null, null, cause)).ConfigureAwait(false);
    }

    /// <summary>Stops the attempt in order; what has completed is committed.</summary>
    private async Task<(JobAttempt Attempt, Outcome? End)> StopAsync(JobAttempt attempt, JobTermination termination)
    {
        LeaveAttempt();
        await attempt.StopAsync(handlesNotices: true).ConfigureAwait(false);
        if (attempt.Failure.IsCompleted && termination == JobTermination.Finished)
        {
            return await ReplaceAsync(attempt).ConfigureAwait(false);
        }

        await EndAttemptAsync(attempt, handlesNotices: true).ConfigureAwait(false);
        return (attempt, attempt.Failure.IsCompleted && termination == JobTermination.Cancelled
            ? await FailAsync(await attempt.Failure.ConfigureAwait(false)).ConfigureAwait(false)
            : await EndAsync(termination).ConfigureAwait(false));
    }

    /// <returns>False if the attempt, the coordinator or the user ended it first.</returns>
    private async Task<bool> TryTakeFinalCheckpointAsync(JobAttempt attempt)
    {
        // It commits what the sinks hold, so it is taken even if checkpoints are switched off.
        var request = CheckpointRequest.Checkpoint with { IsForced = !_options.Checkpoints.IsEnabled };
        if (!await EndsFirstAsync(attempt.HoldFinishingAsync(), attempt).ConfigureAwait(false))
        {
            return false;
        }

        for (var tries = 1; !attempt.AllHaveFinished; tries++)
        {
            var trigger = _coordinator.TriggerAsync(request, CancellationToken.None);
            if (!await EndsFirstAsync(trigger, attempt).ConfigureAwait(false))
            {
                return false;
            }

            try
            {
                await trigger.ConfigureAwait(false);
                return true;
            }
            catch (CheckpointingException e) when (e.IsTransient && tries < MaxFinalCheckpointTries)
            {
                // A periodic one is under way, or the storage hiccups: the next try will do.
                var pause = Task.Delay(FinalCheckpointPause, _environment.Time, CancellationToken.None);
                if (!await EndsFirstAsync(pause, attempt).ConfigureAwait(false))
                {
                    return false;
                }
            }
            catch (CheckpointingException) when (_coordinator.Failure.IsFaulted)
            {
                return false;
            }
        }

        // Nobody is left to take part in one: the last holds all, and what it holds is committed.
        return true;
    }

    /// <returns>False if the attempt, the coordinator or the user ends something before the task ends.</returns>
    private async Task<bool> EndsFirstAsync(Task task, JobAttempt attempt)
    {
        await Task.WhenAny(task, attempt.Failure, _coordinator.Failure, _stopRequest.Task).ConfigureAwait(false);
        if (!task.IsCompleted)
        {
            Observe(task);
        }

        return task.IsCompleted;
    }

    private async Task<(JobAttempt Attempt, Outcome? End)> ReplaceAsync(JobAttempt attempt)
    {
        await EndAttemptAsync(attempt, handlesNotices: false).ConfigureAwait(false);
        var failure = await attempt.Failure.ConfigureAwait(false);
        return await RestartAsync(attempt, failure, Decide()).ConfigureAwait(false);
    }

    private Restart? Decide() =>
        _restarts.Decide(_restartHistory, _environment.Time.GetUtcNow(), NextRandom(_environment.Ids));

    /// <summary>Opens the next attempt from the newest checkpoint; when that fails, the strategy is asked
    /// again.</summary>
    private async Task<(JobAttempt Attempt, Outcome? End)> RestartAsync(
        JobAttempt attempt, AttemptFailure failure, Restart? decision)
    {
        for (var restart = decision; restart is not null; restart = Decide())
        {
            _restartHistory = restart.IsFree ? _restartHistory : _restartHistory.With(restart);
            Interlocked.Increment(ref _restartCount);
            _logger.JobRestarting(Name.Name, RestartCount, restart.Delay);
            try
            {
                await Task.Delay(restart.Delay, _environment.Time, _stopping.Token).ConfigureAwait(false);
                var next = await OpenAttemptAsync(_stopping.Token).ConfigureAwait(false);
                BeginAttempt(next);
                return (next, null);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                // The user stopped the job between two attempts.
                return (attempt, await EndAsync(await _stopRequest.Task.ConfigureAwait(false)).ConfigureAwait(false));
            }
            catch (CoordinatorFencedException e)
            {
                return (attempt, new(JobTermination.Failed, e));
            }
            catch (Exception e)
            {
                // Opening an attempt is part of it: its failure counts as one.
                failure = new(null, null, e);
            }
        }

        return (attempt, await FailAsync(failure).ConfigureAwait(false));
    }

    /// <summary>From here on whoever asks for the running attempt waits for the next one.</summary>
    private void LeaveAttempt()
    {
        if (_running.Task.IsCompleted)
        {
            Volatile.Write(ref _running, NewRunning());
        }
    }

    private async Task EndAttemptAsync(JobAttempt attempt, bool handlesNotices)
    {
        LeaveAttempt();
        await attempt.StopAsync(handlesNotices).ConfigureAwait(false);
        await attempt.DisposeAsync().ConfigureAwait(false);
        _gateway.Current = null;
    }

    private async Task<Outcome> EndAsync(JobTermination termination)
    {
        if (termination != JobTermination.Suspended)
        {
            await EndCoordinatorAsync(termination).ConfigureAwait(false);
        }

        return new(termination, null);
    }

    private async Task<Outcome> FailAsync(AttemptFailure failure)
    {
        var last = _coordinator.LatestCompleted?.Path;
        await EndCoordinatorAsync(JobTermination.Failed).ConfigureAwait(false);
        return new(JobTermination.Failed, new JobFailedException(
            Name.Name, failure.Operator, failure.SubtaskIndex, RestartCount, last, failure.Cause));
    }

    private async Task EndCoordinatorAsync(JobTermination termination)
    {
        try
        {
            await _coordinator.EndAsync(termination).ConfigureAwait(false);
        }
        catch (CheckpointingException e)
        {
            // How the job ended counts; what could not be cleaned up is found by the next start.
            _logger.CleanUpFailed(e, Name.Name);
        }
    }

    /// <summary>At least 0, less than 1.</summary>
    private static double NextRandom(IdSource ids)
    {
        // The first four bytes of an id are all random; 2^32 of them are as good as a number of real jitter.
        Span<byte> bytes = stackalloc byte[16];
        ids.NewGuid().TryWriteBytes(bytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes) / (uint.MaxValue + 1.0);
    }

    private static void Observe(Task task) => _ = task.ContinueWith(
        static done => done.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);

    private sealed record Outcome(JobTermination Termination, Exception? Failure);
}
