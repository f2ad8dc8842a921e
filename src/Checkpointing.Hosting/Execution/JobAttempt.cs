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
internal sealed partial class JobAttempt : ISubtaskObserver, IAsyncDisposable
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
    private readonly List<AttemptSubtask> _subtasks = [];
    private readonly SubtaskInbox[] _inboxes;
    private readonly Dictionary<(string Operator, int Index), AttemptSubtask> _byAddress = [];
    private readonly Func<SubtaskAddress, SubtaskRestore> _restoreOf;
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _mayCommit = 1;

    /// <summary>Makes the subtasks, those of finished operators apart.</summary>
    /// <param name="environment">What the run is given.</param>
    /// <param name="plan">What it runs.</param>
    /// <param name="addresses">Of all subtasks of the plan.</param>
    /// <param name="restoreOf">What a subtask restores.</param>
    /// <param name="mayFinish">Whether an operator finishes when its input has ended.</param>
    /// <param name="responder">Takes the subtasks' messages.</param>
    public JobAttempt(
        JobEnvironment environment, JobPlan plan, IReadOnlyList<SubtaskAddress> addresses,
        Func<SubtaskAddress, SubtaskRestore> restoreOf, bool mayFinish, ICheckpointResponder responder)
    {
        _environment = environment;
        _responder = responder;
        _logger = environment.LoggerFactory.CreateLogger("Checkpointing.Hosting");
        _loops = new(_logger, environment.Time);
        _writes = new(_logger, environment.Time);
        _restoreOf = restoreOf;
        Plan = plan;
        FirstAddress = addresses[0];
        var byName = addresses.ToDictionary(static address => (address.Operator, address.Index));
        _finishing = new(plan, vertex => restoreOf(byName[(vertex.Name, 0)]).IsFinished, mayFinish);
        _inboxes = [.. plan.Subtasks.Select(subtask =>
            new SubtaskInbox(subtask.InputCount, environment.Options.BatchesPerChannel))];
        foreach (var (planned, inbox) in plan.Subtasks.Zip(_inboxes))
        {
            if (!_finishing.HasFinished(planned.Vertex))
            {
                Add(planned, byName[(planned.Vertex.Name, planned.Index)], inbox);
            }
        }

        _idle = new(_subtasks.Count(static subtask => subtask.Planned.Vertex.IsSource));
        _ended = new(_subtasks.Count);
    }

    public JobPlan Plan { get; }

    /// <summary>Subtasks that run.</summary>
    public int SubtaskCount => _subtasks.Count;

    /// <summary>Names of the operators that had finished before the checkpoint that the attempt starts from.</summary>
    public IEnumerable<string> HadFinished => Plan.Job.Vertices
        .Where(vertex => !_stillRunning.ContainsKey(vertex)).Select(static vertex => vertex.Name);

    /// <summary>The address of the first subtask, whether it runs or not: job, epoch and attempt are those of
    /// all.</summary>
    public SubtaskAddress FirstAddress { get; }

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
    public async Task OpenAsync(Guid lineageId, CancellationToken cancellationToken)
    {
        await BackgroundWork.RunAllAsync(_subtasks.Select(subtask => (Func<Task>)(async () =>
        {
            var context = _environment.ContextOf(
                Plan, subtask.Planned, subtask.Address, _restoreOf(subtask.Address), lineageId, () => MayCommit);
            await subtask.Runtime.Logic.OpenAsync(context, cancellationToken).ConfigureAwait(false);
            _environment.Progress?.SubtaskOpened();
        }))).ConfigureAwait(false);

        // One after the other: of two outputs that cannot be written, always the same one is named.
        foreach (var subtask in _subtasks)
        {
            subtask.Runtime.Logic.Begin();
        }
    }

    /// <summary>Starts all loops.</summary>
    public void Start()
    {
        foreach (var subtask in _subtasks)
        {
            _loops.Start(subtask.Address.ToString(), () => RunAsync(subtask));
            _ = subtask.Runtime.Logic.StateFailure?.ContinueWith(
                failed => Fail(subtask.Address, failed.Exception!.InnerException!),
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
            || !_byAddress.TryGetValue((target.Operator, target.Index), out var subtask))
        {
            return false;
        }

        subtask.Inbox.Post(message);
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
        foreach (var subtask in _subtasks)
        {
            await subtask.DisposeAsync(_logger).ConfigureAwait(false);
        }

        _stop.Dispose();
        _stopWrites.Dispose();
        _disposed.TrySetResult();
    }

    void ISubtaskObserver.BeginWrite(SubtaskAddress subtask, ISnapshotPlan plan) =>
        _byAddress[(subtask.Operator, subtask.Index)].Add(
            _writes.Start($"snapshot {plan.CheckpointId} of {subtask}", () => WriteAsync(subtask, plan)));

    void ISubtaskObserver.Decline(SubtaskAddress subtask, CheckpointId checkpoint, CheckpointingException cause) =>
        _writes.Start($"decline {checkpoint} of {subtask}", () => DeclineAsync(subtask, checkpoint, cause));

    void ISubtaskObserver.ReportIdle(SubtaskAddress subtask) => _idle.Signal();

    void ISubtaskObserver.ReportEnd(SubtaskAddress subtask) => _ended.Signal();

    private void Add(PlannedSubtask planned, SubtaskAddress address, SubtaskInbox inbox)
    {
        var runtime = Plan.CreateSubtask(planned, address, _environment.Options.RecordsPerBatch);
        runtime.Time = _environment.Time;
        var subtask = new AttemptSubtask(planned, runtime, inbox)
        {
            EndedInputs = Plan.InputsFrom(planned.Vertex, _finishing.HasFinished),
        };
        _subtasks.Add(subtask);
        _byAddress.Add((address.Operator, address.Index), subtask);
        _stillRunning[planned.Vertex] = _stillRunning.GetValueOrDefault(planned.Vertex) + 1;
    }

    private async Task RunAsync(AttemptSubtask subtask)
    {
        try
        {
            var loop = new SubtaskLoop(subtask.Runtime, subtask.Inbox, _inboxes, this, _environment.Time);
            if (await loop.RunAsync(subtask.EndedInputs, _stop.Token).ConfigureAwait(false))
            {
                await FinishAsync(subtask).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
        catch (Exception e)
        {
            // The edge of a subtask: whatever the user's code throws fails the attempt.
            Fail(subtask.Address, e);
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
    private sealed class CountdownSignal
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _left;

        public CountdownSignal(int count)
        {
            _left = count;
            if (count == 0)
            {
                _done.SetResult();
            }
        }

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
