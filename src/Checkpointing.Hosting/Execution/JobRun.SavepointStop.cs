using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;

namespace Checkpointing.Hosting.Execution;

/// <content>Stopping with a savepoint.</content>
internal sealed partial class JobRun
{
    /// <summary>Waits until the savepoint is under way. A job that is between two attempts for longer than a checkpoint
    /// may take is not stopped.</summary>
    private async Task WaitForBeginAsync(SavepointStop stop, CancellationToken cancellationToken)
    {
        var begun = Task.WhenAny(stop.Begun, _completion.Task);
        try
        {
            await begun.WaitAsync(BeginsWithin, _environment.Time, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (TimeoutException) when (stop.TryWithdraw())
        {
            throw NotRunningInTime();
        }
        catch (TimeoutException)
        {
            // It began at that moment.
        }
    }

    /// <returns>The attempt to go on with, or how the job has ended.</returns>
    private async Task<(JobAttempt Attempt, Outcome? End)> StopWithSavepointAsync(
        JobAttempt attempt, SavepointStop stop)
    {
        if (!stop.TryBegin())
        {
            return (attempt, null);
        }

        CompletedCheckpoint savepoint;
        try
        {
            // An operator that finished while it is taken would abort it, and a drain cannot be taken back.
            var hold = attempt.HoldFinishingAsync();
            var trigger = await EndsFirstAsync(hold, attempt).ConfigureAwait(false)
                ? _coordinator.TriggerAsync(stop.Request, CancellationToken.None)
                : null;
            if (trigger is null || !await EndsFirstAsync(trigger, attempt).ConfigureAwait(false))
            {
                // What ended is looked at by the next round. The savepoint may yet get complete, but the job goes on
                // without it: its sinks have not committed what it holds.
                stop.Reply.TrySetException(GoesOn("something ended it first", await CauseAsync(attempt)
                    .ConfigureAwait(false)));
                return (attempt, null);
            }

            savepoint = await trigger.ConfigureAwait(false);
        }
        catch (CheckpointingException e)
        {
            stop.Reply.TrySetException(e);
            return await GoOnAsync(attempt, stop.Mode, e).ConfigureAwait(false);
        }

        LeaveAttempt();
        await attempt.StopAsync(handlesNotices: true).ConfigureAwait(false);
        if (attempt.Failure.IsCompleted)
        {
            // A sink could not commit. The savepoint stays, but the job has to go on from a checkpoint of its own.
            var failure = await attempt.Failure.ConfigureAwait(false);
            stop.Reply.TrySetException(GoesOn($"savepoint '{savepoint.Path}' is complete, but what it holds could not "
                + $"be committed: {failure.Cause.Message}", failure.Cause));
            return await ReplaceAsync(attempt).ConfigureAwait(false);
        }

        await EndAttemptAsync(attempt, handlesNotices: true).ConfigureAwait(false);
        _savepoint = savepoint;
        var end = await EndAsync(stop.Mode == StopMode.Drain ? JobTermination.Finished : JobTermination.Suspended)
            .ConfigureAwait(false);
        stop.Reply.TrySetResult(savepoint);
        return (attempt, end);
    }

    /// <summary>The savepoint failed. Sources that only stopped read on when they hear of it; an attempt that was
    /// drained has fired what was not due yet, and is replaced.</summary>
    private async Task<(JobAttempt Attempt, Outcome? End)> GoOnAsync(
        JobAttempt attempt, StopMode mode, CheckpointingException cause)
    {
        var hasBegun = cause is not CheckpointDeclinedException { CheckpointId: null };
        if (mode == StopMode.Suspend || !hasBegun || _coordinator.Failure.IsFaulted)
        {
            attempt.ReleaseFinishing();
            return (attempt, null);
        }

        await EndAttemptAsync(attempt, handlesNotices: false).ConfigureAwait(false);

        // It is our doing and not the job's: no strategy is asked.
        var free = new Restart(_environment.Time.GetUtcNow(), TimeSpan.Zero, TimeSpan.Zero, 1) { IsFree = true };
        return await RestartAsync(attempt, new(null, null, cause), free).ConfigureAwait(false);
    }

    private static async Task<Exception?> CauseAsync(JobAttempt attempt) =>
        attempt.Failure.IsCompleted ? (await attempt.Failure.ConfigureAwait(false)).Cause : null;

    private CheckpointDeclinedException GoesOn(string why, Exception? cause) => new(
        null, CheckpointFailureReason.AttemptEnded, $"job '{Name}' was not stopped with a savepoint: {why}", cause);
}
