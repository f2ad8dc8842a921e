using Checkpointing.Coordination;
using Checkpointing.Hosting.Runtime;
using Checkpointing.State;

namespace Checkpointing.Hosting.Execution;

/// <summary>Where a loop reports to.</summary>
internal interface ISubtaskObserver
{
    /// <summary>False while the attempt is torn down after a failure: completed checkpoints are then left to the
    /// recovery.</summary>
    bool MayCommit { get; }

    /// <summary>Begins the second part of a snapshot beside the loop. Takes ownership of the plan.</summary>
    void BeginWrite(SubtaskAddress subtask, ISnapshotPlan plan);

    /// <summary>Tells the coordinator that a checkpoint cannot be had.</summary>
    void Decline(SubtaskAddress subtask, CheckpointId checkpoint, CheckpointingException cause);

    /// <summary>The subtask has nothing to read: it stands at its pause or at the end of its input.</summary>
    void ReportIdle(SubtaskAddress subtask);

    /// <summary>The subtask has handled the end of all its inputs.</summary>
    void ReportEnd(SubtaskAddress subtask);

    /// <summary>A completed checkpoint holds all that the subtask will ever do. It goes on answering triggers until it
    /// gets <see cref="FinishSubtask"/>.</summary>
    void ReportDone(SubtaskAddress subtask);
}

/// <summary>Drives one subtask: takes elements and messages from its inbox, carries out what the subtask wants
/// done.</summary>
internal sealed class SubtaskLoop(
    SubtaskRuntime runtime, SubtaskInbox inbox, IReadOnlyList<SubtaskInbox> inboxes, ISubtaskObserver observer,
    TimeProvider time)
{
    private const int ElementsBetweenMessages = 16;

    private Task<bool>? _more;
    private int _nextInput;
    private bool _endReported;
    private bool _idleReported;
    private bool _doneReported;
    private bool _mayFinish;

    /// <summary>Runs until it is told to finish, or to stop; then handles the notices that have come already.</summary>
    /// <param name="endedInputs">Inputs that nothing comes over, not even an end.</param>
    /// <param name="stop">Ends it.</param>
    /// <returns>Whether it has finished.</returns>
    public async Task<bool> RunAsync(IReadOnlyList<int> endedInputs, CancellationToken stop)
    {
        using var clock = new SubtaskClock(runtime, time, inbox.Signal);
        try
        {
            await EndAsync(endedInputs, stop).ConfigureAwait(false);
            while (!stop.IsCancellationRequested)
            {
                HandleMessages();
                if (_mayFinish)
                {
                    runtime.Finish();
                    await CarryOutAsync(stop).ConfigureAwait(false);
                    return true;
                }

                clock.Advance();
                await CarryOutAndContinueAsync(stop).ConfigureAwait(false);
                if (!await TryProgressAsync(stop).ConfigureAwait(false))
                {
                    runtime.FlushOutputs();
                    await CarryOutAsync(stop).ConfigureAwait(false);
                    clock.WakeWhenDue();
                    await inbox.WaitAsync(stop).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }

        HandleLastNotices();
        return false;
    }

    private async ValueTask EndAsync(IReadOnlyList<int> inputs, CancellationToken stop)
    {
        foreach (var input in inputs)
        {
            foreach (var element in FinishedElement.WholeEnd)
            {
                runtime.Handle(input, element);
                await CarryOutAndContinueAsync(stop).ConfigureAwait(false);
            }
        }

        if (runtime.HasEnded)
        {
            ReportEnd();
        }
    }

    private void HandleMessages()
    {
        while (!_mayFinish && inbox.TryReceiveMessage(out var message))
        {
            if (message is FinishSubtask)
            {
                _mayFinish = true;
            }
            else
            {
                runtime.Deliver(message);
            }
        }

        if (runtime.IsDone && !_doneReported)
        {
            _doneReported = true;
            observer.ReportDone(runtime.Address);
        }
    }

    private void HandleLastNotices()
    {
        while (observer.MayCommit && inbox.TryReceiveMessage(out var message))
        {
            if (message is CheckpointCompleted completed)
            {
                runtime.NotifyCompleted(completed.CheckpointId);
            }
        }
    }

    private ValueTask<bool> TryProgressAsync(CancellationToken stop) =>
        runtime is SourceRuntime source ? TryReadAsync(source, stop) : TryHandleAsync(stop);

    private async ValueTask<bool> TryReadAsync(SourceRuntime source, CancellationToken stop)
    {
        var step = source.Step();
        await CarryOutAsync(stop).ConfigureAwait(false);
        if (step == SourceStep.Waiting)
        {
            if (_more is null)
            {
                _more = source.WaitForMoreAsync(stop).AsTask();
                _ = _more.ContinueWith(
                    Wake, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }

            if (!_more.IsCompleted)
            {
                return false;
            }

            if (!await _more.ConfigureAwait(false))
            {
                source.EndInput();
                await CarryOutAsync(stop).ConfigureAwait(false);
                step = SourceStep.Ended;
            }

            _more = null;
        }

        if (step is SourceStep.Progressed or SourceStep.Waiting)
        {
            return true;
        }

        if (step != SourceStep.Held)
        {
            ReportStandstill(step);
        }

        return false;
    }

    private void Wake(Task<bool> more)
    {
        // Looked at, so that a failure after a stop is not reported as unobserved; else the loop awaits it.
        _ = more.Exception;
        inbox.Signal();
    }

    private void ReportStandstill(SourceStep step)
    {
        if (!_idleReported)
        {
            _idleReported = true;
            observer.ReportIdle(runtime.Address);
        }

        if (step == SourceStep.Ended)
        {
            ReportEnd();
        }
    }

    private async ValueTask<bool> TryHandleAsync(CancellationToken stop)
    {
        var handled = 0;
        for (var scanned = 0; scanned < runtime.InputCount && handled < ElementsBetweenMessages;)
        {
            var input = _nextInput;
            _nextInput = (_nextInput + 1) % runtime.InputCount;
            if (runtime.IsBlocked(input) || !inbox.TryReceive(input, out var element))
            {
                scanned++;
                continue;
            }

            scanned = 0;
            handled++;
            runtime.Handle(input, element);
            await CarryOutAndContinueAsync(stop).ConfigureAwait(false);
        }

        if (runtime.HasEnded)
        {
            ReportEnd();
        }

        return handled > 0;
    }

    private void ReportEnd()
    {
        if (!_endReported)
        {
            _endReported = true;
            observer.ReportEnd(runtime.Address);
        }
    }

    private async ValueTask CarryOutAndContinueAsync(CancellationToken stop)
    {
        await CarryOutAsync(stop).ConfigureAwait(false);
        while (runtime.HasMore)
        {
            runtime.Continue();
            await CarryOutAsync(stop).ConfigureAwait(false);
        }
    }

    private ValueTask CarryOutAsync(CancellationToken stop)
    {
        var outbox = runtime.Outbox;
        if (outbox.Elements.Count == 0 && outbox.Snapshots.Count == 0 && outbox.Declines.Count == 0)
        {
            return ValueTask.CompletedTask;
        }

        // Plans first: they are owned from here on, whatever happens to the elements.
        foreach (var plan in outbox.Snapshots)
        {
            observer.BeginWrite(runtime.Address, plan);
        }

        foreach (var (checkpoint, cause) in outbox.Declines)
        {
            observer.Decline(runtime.Address, checkpoint, cause);
        }

        outbox.Snapshots.Clear();
        outbox.Declines.Clear();
        return SendAllAsync(stop);
    }

    private async ValueTask SendAllAsync(CancellationToken stop)
    {
        var elements = runtime.Outbox.Elements;
        foreach (var (route, element) in elements)
        {
            await inboxes[route.Subtask].SendAsync(route.Input, element, stop).ConfigureAwait(false);
        }

        elements.Clear();
    }
}
