using Checkpointing.Coordination;
using Checkpointing.Hosting.Definition;

namespace Checkpointing.Hosting.Execution;

/// <content>Operators that finish while others run on.</content>
internal sealed partial class JobAttempt
{
    private readonly Lock _finishingLock = new();
    private readonly FinishingOrder _finishing;
    private readonly Dictionary<Vertex, int> _stillRunning = [];
    private TaskCompletionSource? _noneUnderWay;

    /// <summary>Nobody is left to take part in a checkpoint: the last one holds all.</summary>
    public bool AllHaveFinished
    {
        get
        {
            lock (_finishingLock)
            {
                return _finishing.AllHaveFinished;
            }
        }
    }

    /// <summary>From here on no operator finishes: a checkpoint that is begun afterwards is not aborted for
    /// that.</summary>
    /// <returns>Completes when those that were about to have done so; never faults.</returns>
    public Task HoldFinishingAsync()
    {
        lock (_finishingLock)
        {
            _finishing.Hold();
            if (!_finishing.IsUnderWay)
            {
                return Task.CompletedTask;
            }

            _noneUnderWay ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            return _noneUnderWay.Task;
        }
    }

    /// <summary>Operators may finish again.</summary>
    public void ReleaseFinishing()
    {
        lock (_finishingLock)
        {
            TellToFinish(_finishing.Release());
        }
    }

    void ISubtaskObserver.ReportDone(SubtaskAddress subtask)
    {
        lock (_finishingLock)
        {
            TellToFinish(_finishing.TakeDone(_byAddress[(subtask.Operator, subtask.Index)].Planned.Vertex));
        }
    }

    private void TellToFinish(IReadOnlyList<Vertex> vertices)
    {
        foreach (var subtask in _subtasks.Where(subtask => vertices.Contains(subtask.Planned.Vertex)))
        {
            subtask.Inbox.Post(FinishSubtask.Instance);
        }
    }

    /// <summary>The loop of a subtask has ended. Those of an operator are reported together, when none of them answers
    /// any more: so no checkpoint gets complete with a part of them.</summary>
    private async Task FinishAsync(AttemptSubtask subtask)
    {
        await subtask.Writes.WaitAsync(_stop.Token).ConfigureAwait(false);
        var vertex = subtask.Planned.Vertex;
        lock (_finishingLock)
        {
            if (--_stillRunning[vertex] > 0)
            {
                return;
            }
        }

        var together = _subtasks.Where(other => other.Planned.Vertex == vertex).ToList();
        foreach (var one in together)
        {
            await one.DisposeAsync(_logger).ConfigureAwait(false);
            await _responder.ReportFinishedAsync(new(one.Address), CancellationToken.None).ConfigureAwait(false);
        }

        _environment.Progress?.SubtasksFinished(together.Count);
        _logger.OperatorFinished(vertex.Name, subtask.Address.Job.Name);
        lock (_finishingLock)
        {
            TellToFinish(_finishing.TakeFinished(vertex));
            if (!_finishing.IsUnderWay)
            {
                _noneUnderWay?.TrySetResult();
                _noneUnderWay = null;
            }
        }
    }
}

/// <summary>To a subtask of which nothing is left to do: say so to those behind, and end.</summary>
internal sealed class FinishSubtask
{
    public static FinishSubtask Instance { get; } = new();
}
