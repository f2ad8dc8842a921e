using Checkpointing.Coordination;
using Checkpointing.Hosting.Runtime;
using Checkpointing.State;
using Microsoft.Extensions.Logging;

namespace Checkpointing.Hosting.Execution;

/// <summary>Why an attempt failed.</summary>
/// <param name="Operator">Name of the operator; null if it was none.</param>
/// <param name="SubtaskIndex">The subtask.</param>
/// <param name="Cause">What was thrown.</param>
internal sealed record AttemptFailure(string? Operator, int? SubtaskIndex, Exception Cause);

/// <summary>One attempt of a job: all its subtasks, opened, running, stopped, disposed together.</summary>
internal sealed class JobAttempt : ISubtaskObserver, IAsyncDisposable
{
    private readonly JobEnvironment _environment;
    private readonly ICheckpointResponder _responder;
    private readonly ILogger _logger;
    private readonly BackgroundWork _loops;
    private readonly BackgroundWork _writes;
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _stopWrites = new();
    private readonly TaskCompletionSource<AttemptFailure> _failure =
        new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CountdownSignal _idle;
    private readonly CountdownSignal _ended;
    private readonly SubtaskRuntime[] _runtimes;
    private readonly SubtaskInbox[] _inboxes;
    private readonly Dictionary<(string Operator, int Index), SubtaskInbox> _byAddress = [];
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _mayCommit = 1;

    public JobAttempt(
        JobEnvironment environment, JobPlan plan, IReadOnlyList<SubtaskAddress> addresses,
        ICheckpointResponder responder)
    {
        _environment = environment;
        _responder = responder;
        _logger = environment.LoggerFactory.CreateLogger("Checkpointing.Hosting");
        _loops = new(_logger, environment.Time);
        _writes = new(_logger, environment.Time);
        var byName = addresses.ToDictionary(static address => (address.Operator, address.Index));
        var planned = plan.Subtasks;
        _runtimes = [.. planned.Select(subtask => plan.CreateSubtask(
            subtask, byName[(subtask.Vertex.Name, subtask.Index)], environment.Options.RecordsPerBatch))];
        _inboxes =
            [.. planned.Select(subtask => new SubtaskInbox(subtask.InputCount, environment.Options.BatchesPerChannel))];
        for (var i = 0; i < _runtimes.Length; i++)
        {
            _runtimes[i].Time = environment.Time;
            _byAddress.Add((_runtimes[i].Address.Operator, _runtimes[i].Address.Index), _inboxes[i]);
        }

        Plan = plan;
        _idle = new(planned.Count(static subtask => subtask.Vertex.IsSource));
        _ended = new(planned.Count);
    }

    public JobPlan Plan { get; }

    public SubtaskAddress FirstAddress => _runtimes[0].Address;

    /// <summary>Completes when a subtask has failed; never faults.</summary>
    public Task<AttemptFailure> Failure => _failure.Task;

    /// <summary>Completes when all sources stand at their pause or at the end of their input.</summary>
    public Task Idle => _idle.Task;

    /// <summary>Completes when all subtasks have handled the end of the input.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Completes when the attempt is over.</summary>
    public Task Disposed => _disposed.Task;

    public bool MayCommit =>
        Volatile.Read(ref _mayCommit) != 0 && !_failure.Task.IsCompleted && _environment.IsCoordinatorAlive();

    /// <summary>Opens and restores all subtasks, at the same time. None runs, and none changes an output, before all
    /// are open.</summary>
    public async Task OpenAsync(
        Func<SubtaskAddress, SubtaskRestore> restoreOf, Guid lineageId, CancellationToken cancellationToken)
    {
        await BackgroundWork.RunAllAsync(_runtimes.Zip(Plan.Subtasks, (runtime, subtask) => (Func<Task>)(async () =>
        {
            var context = _environment.ContextOf(
                Plan, subtask, runtime.Address, restoreOf(runtime.Address), lineageId, () => MayCommit);
            await runtime.Logic.OpenAsync(context, cancellationToken).ConfigureAwait(false);
            _environment.Progress?.SubtaskOpened();
        }))).ConfigureAwait(false);

        // One after the other: of two outputs that cannot be written, always the same one is named.
        foreach (var runtime in _runtimes)
        {
            runtime.Logic.Begin();
        }
    }

    /// <summary>Starts all loops.</summary>
    public void Start()
    {
        for (var i = 0; i < _runtimes.Length; i++)
        {
            var (runtime, inbox) = (_runtimes[i], _inboxes[i]);
            _loops.Start(runtime.Address.ToString(), () => RunAsync(runtime, inbox));
            _ = runtime.Logic.StateFailure?.ContinueWith(
                failed => Fail(runtime.Address, failed.Exception!.InnerException!),
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted,
                TaskScheduler.Default);
        }
    }

    /// <summary>Puts a message into a subtask's mailbox.</summary>
    /// <returns>False if it is not of this attempt, or the attempt is being stopped.</returns>
    public bool TryPost(SubtaskAddress target, object message)
    {
        if (_stop.IsCancellationRequested
            || target.Attempt != FirstAddress.Attempt
            || target.Epoch != FirstAddress.Epoch
            || !_byAddress.TryGetValue((target.Operator, target.Index), out var inbox))
        {
            return false;
        }

        inbox.Post(message);
        return true;
    }

    /// <summary>Stops all subtasks and waits for them. Idempotent.</summary>
    /// <param name="handlesNotices">Whether notices of completed checkpoints that have been delivered are still
    /// handled.</param>
    public async Task StopAsync(bool handlesNotices)
    {
        if (!handlesNotices)
        {
            Volatile.Write(ref _mayCommit, 0);
        }

        if (_disposed.Task.IsCompleted)
        {
            return;
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        await _loops.WaitForAllAsync(_environment.Options.StopTimeout).ConfigureAwait(false);
        await _stopWrites.CancelAsync().ConfigureAwait(false);
        await _writes.WaitForAllAsync(_environment.Options.StopTimeout).ConfigureAwait(false);
    }

    /// <summary>Closes all state. Call after <see cref="StopAsync"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var runtime in _runtimes)
        {
            try
            {
                foreach (var plan in runtime.Outbox.Snapshots)
                {
                    await plan.DisposeAsync().ConfigureAwait(false);
                }

                runtime.Outbox.Snapshots.Clear();
                await runtime.Logic.DisposeAsync().ConfigureAwait(false);
            }
            catch (Exception e)
            {
                // One subtask's clean-up must not keep the others from theirs.
                _logger.CleanUpFailed(e, runtime.Address.Job.Name);
            }
        }

        _stop.Dispose();
        _stopWrites.Dispose();
        _disposed.TrySetResult();
    }

    void ISubtaskObserver.BeginWrite(SubtaskAddress subtask, ISnapshotPlan plan) =>
        _writes.Start($"snapshot {plan.CheckpointId} of {subtask}", () => WriteAsync(subtask, plan));

    void ISubtaskObserver.Decline(SubtaskAddress subtask, CheckpointId checkpoint, CheckpointingException cause) =>
        _writes.Start($"decline {checkpoint} of {subtask}", () => DeclineAsync(subtask, checkpoint, cause));

    void ISubtaskObserver.ReportIdle(SubtaskAddress subtask) => _idle.Signal();

    void ISubtaskObserver.ReportEnd(SubtaskAddress subtask) => _ended.Signal();

    private async Task RunAsync(SubtaskRuntime runtime, SubtaskInbox inbox)
    {
        try
        {
            await new SubtaskLoop(runtime, inbox, _inboxes, this, _environment.Time).RunAsync(_stop.Token)
                .ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // The edge of a subtask: whatever the user's code throws fails the attempt.
            Fail(runtime.Address, e);
        }
    }

    private void Fail(SubtaskAddress subtask, Exception cause)
    {
        _logger.SubtaskFailed(cause, subtask.Job.Name, subtask.ToString());
        _failure.TrySetResult(new(subtask.Operator, subtask.Index, cause));
    }

    private async Task WriteAsync(SubtaskAddress subtask, ISnapshotPlan plan)
    {
        await using (plan.ConfigureAwait(false))
        {
            try
            {
                _environment.Progress?.BeginWrite(plan.CheckpointId);
                var snapshot = await plan.WriteAsync(_stopWrites.Token).ConfigureAwait(false);
                _environment.Progress?.SubtaskWritten(plan.CheckpointId);
                await _responder.AcknowledgeAsync(new(subtask, plan.CheckpointId, snapshot), CancellationToken.None)
                    .ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_stopWrites.IsCancellationRequested)
            {
            }
            catch (Exception e)
            {
                // A snapshot that fails for whatever reason costs the checkpoint, not the job.
                _logger.SnapshotFailed(e, subtask.ToString(), plan.CheckpointId.Value);
                var cause = e as CheckpointingException ?? new CheckpointDeclinedException(
                    plan.CheckpointId, CheckpointFailureReason.TaskDeclined,
                    $"{subtask} could not write its snapshot: {e.Message}", e)
                { Subtask = subtask.ToString() };
                await DeclineAsync(subtask, plan.CheckpointId, cause).ConfigureAwait(false);
            }
        }
    }

    private async Task DeclineAsync(SubtaskAddress subtask, CheckpointId checkpoint, CheckpointingException cause)
    {
        try
        {
            await _responder.DeclineAsync(new(subtask, checkpoint, cause), CancellationToken.None)
                .ConfigureAwait(false);
        }
        catch (Exception e) when (e is CheckpointingException or ObjectDisposedException)
        {
            _logger.AnswerFailed(e, subtask.ToString(), checkpoint.Value);
        }
    }

    /// <summary>Completes when it has been signalled so many times.</summary>
    private sealed class CountdownSignal(int count)
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _left = count;

        public Task Task => _done.Task;

        public void Signal()
        {
            if (Interlocked.Decrement(ref _left) == 0)
            {
                _done.TrySetResult();
            }
        }
    }
}
