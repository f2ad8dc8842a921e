using System.Threading.Channels;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.KeyGroups;
using Checkpointing.State;

namespace Checkpointing.Coordinated.Tests;

/// <summary>A subtask of an engine of one's own: a loop over its inbox, and state that it snapshots between two
/// elements.</summary>
internal abstract class NumberTask(SubtaskAddress address, SubtaskState state, ICheckpointResponder responder)
{
    private readonly List<Task> _writes = [];

    public SubtaskAddress Address => address;

    public Channel<object> Inbox { get; } = Channel.CreateUnbounded<object>();

    /// <summary>Between its snapshot for the savepoint that the job ends with, and the news of that
    /// savepoint.</summary>
    protected bool IsHeld { get; private set; }

    protected bool HasEnded { get; set; }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await WorkAsync(cancellationToken);
        await Task.WhenAll(_writes);
        await responder.ReportFinishedAsync(new(address), CancellationToken.None);
    }

    public ValueTask DisposeAsync() => state.DisposeAsync();

    protected abstract Task WorkAsync(CancellationToken cancellationToken);

    protected virtual void BeforeSnapshot(SnapshotRequest request)
    {
    }

    /// <summary>At a barrier, or at a trigger if no barrier can come: on the loop, between two elements.</summary>
    protected void Snapshot(SnapshotRequest request, CancellationToken cancellationToken)
    {
        BeforeSnapshot(request);
        ISnapshotPlan plan = state.PrepareSnapshot(request); // the synchronous part
        _writes.Add(WriteAsync(plan, request, cancellationToken)); // the rest runs beside the loop
        IsHeld = request.Stop is not null;
    }

    /// <summary>News of checkpoints. A two-phase sink would commit on the first.</summary>
    protected void Hear(object message)
    {
        switch (message)
        {
            case CheckpointCompleted { Stop: not null }:
                HasEnded = true;
                break;
            case CheckpointAborted { Stop: not null }:
                IsHeld = false;
                break;
        }
    }

    private async Task WriteAsync(ISnapshotPlan plan, SnapshotRequest request, CancellationToken cancellationToken)
    {
        await using var pins = plan; // files stay pinned until here
        try
        {
            SubtaskSnapshot snapshot = await plan.WriteAsync(cancellationToken); // stores only what is new
            await responder.AcknowledgeAsync(new(address, request.CheckpointId, snapshot), cancellationToken);
        }
        catch (CheckpointingException e)
        {
            await responder.DeclineAsync(new(address, request.CheckpointId, e), cancellationToken);
        }
    }
}

/// <summary>Gives the numbers from 0 on; its position is operator state.</summary>
internal sealed class NumberSource(
    SubtaskAddress address, SubtaskState state, ICheckpointResponder responder, long end,
    IReadOnlyList<NumberTask> sums)
    : NumberTask(address, state, responder)
{
    public static readonly OperatorListStateDescriptor<long> Position = new("position");

    private readonly OperatorListState<long> _position = state.Operator.GetState(Position);
    private long _next = state.Operator.GetState(Position).Items is [var stored] ? stored : 0;

    private TaskCompletionSource _isIdle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _end = end;
    private bool _endsThere;

    /// <summary>Completes when it has read to its end.</summary>
    public Task IsIdle => _isIdle.Task;

    /// <summary>Moves its end; completes when it is there, or has ended if it is to end there.</summary>
    public Task ReadToAsync(long end, bool endsThere = false)
    {
        var read = new ReadTo(end, endsThere, new(TaskCreationOptions.RunContinuationsAsynchronously));
        Inbox.Writer.TryWrite(read);
        return read.IsThere.Task;
    }

    protected override void BeforeSnapshot(SnapshotRequest request)
    {
        _position.Replace([_next]);
        SendToAll(request); // the barrier: behind everything before it
    }

    protected override async Task WorkAsync(CancellationToken cancellationToken)
    {
        while (!HasEnded)
        {
            if (!IsHeld && _next < _end && !Inbox.Reader.TryPeek(out _))
            {
                sums[NumberHost.SubtaskOf((int)(_next % 10), sums.Count)].Inbox.Writer.TryWrite(_next++);
                continue;
            }

            if (_next >= _end)
            {
                _isIdle.TrySetResult();
                if (_endsThere)
                {
                    break;
                }
            }

            var message = await Inbox.Reader.ReadAsync(cancellationToken);
            switch (message)
            {
                case TriggerCheckpoint trigger:
                    Snapshot(trigger.Request, cancellationToken);
                    break;
                case ReadTo read:
                    (_end, _endsThere, _isIdle) = read;
                    break;
            }

            Hear(message);
        }

        SendToAll(EndOfNumbers.Instance);
    }

    private void SendToAll(object message)
    {
        foreach (var sum in sums)
        {
            sum.Inbox.Writer.TryWrite(message);
        }
    }
}

/// <summary>Adds numbers up, by their last digit.</summary>
internal sealed class NumberSum(SubtaskAddress address, SubtaskState<int> state, ICheckpointResponder responder)
    : NumberTask(address, state, responder)
{
    public static readonly ValueStateDescriptor<long> Sum = new("sum");

    private readonly ValueState<long> _sum = state.Keyed.GetState(Sum);
    private CheckpointId _last;

    public long Total(int digit)
    {
        using var key = state.Keyed.EnterKey(digit);
        return _sum.GetOrDefault();
    }

    protected override async Task WorkAsync(CancellationToken cancellationToken)
    {
        while (!HasEnded)
        {
            var message = await Inbox.Reader.ReadAsync(cancellationToken);
            switch (message)
            {
                case long number:
                    using (state.Keyed.EnterKey((int)(number % 10)))
                    {
                        _sum.Set(_sum.GetOrDefault() + number);
                    }

                    break;
                case SnapshotRequest barrier when barrier.CheckpointId > _last:
                    _last = barrier.CheckpointId;
                    Snapshot(barrier, cancellationToken);
                    break;
                case TriggerCheckpoint trigger when trigger.CheckpointId > _last: // its source has finished
                    _last = trigger.CheckpointId;
                    Snapshot(trigger.Request, cancellationToken);
                    break;
                case EndOfNumbers:
                    // It stays until it is told to go, so that its sums can be read and checkpointed.
                    break;
            }

            Hear(message);
        }
    }
}

internal sealed record ReadTo(long End, bool EndsThere, TaskCompletionSource IsThere);

internal sealed class EndOfNumbers
{
    public static readonly EndOfNumbers Instance = new();
}
