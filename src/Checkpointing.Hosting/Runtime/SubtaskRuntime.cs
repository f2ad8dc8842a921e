using Checkpointing.Coordination;
using Checkpointing.Diagnostics;
using Checkpointing.State;

namespace Checkpointing.Hosting.Runtime;

/// <summary>One subtask as a synchronous state machine: takes one element or message, leaves its effects in the
/// outbox.</summary>
/// <remarks>Knows no thread, channel or transport: any pump can drive it, one caller at a time. A pump asks
/// <see cref="IsBlocked"/> before it hands over an element, and calls <see cref="Continue"/> while
/// <see cref="HasMore"/>.</remarks>
internal class SubtaskRuntime
{
    private readonly SubtaskLogic _logic;
    private readonly IReadOnlyList<OutputPort> _outputs;
    private readonly BarrierAlignment _alignment;
    private readonly BarrierTimes _barrierTimes = new();
    private readonly InputWatermarks _watermarks;
    private readonly bool[] _ended;
    private Timestamp _watermark = Timestamp.MinValue;
    private Func<bool> _fire = static () => true;
    private bool _isIdle;
    private CheckpointId? _firstOfAll;

    public SubtaskRuntime(
        SubtaskAddress address, int inputCount, SubtaskLogic logic, IReadOnlyList<OutputPort> outputs, Outbox outbox)
    {
        Address = address;
        Outbox = outbox;
        _logic = logic;
        _outputs = outputs;
        _alignment = new(inputCount);
        _watermarks = new(inputCount);
        _ended = new bool[inputCount];
    }

    public SubtaskAddress Address { get; }

    public SubtaskLogic Logic => _logic;

    public Outbox Outbox { get; }

    /// <summary>Measures how long barriers are on their way and inputs blocked. Default: the system's time.</summary>
    public TimeProvider Time { get; set; } = TimeProvider.System;

    public int InputCount => _ended.Length;

    /// <summary>Event time here, as <see cref="InputWatermarks"/> has it. It never goes back, not even over a restore,
    /// if the logic keeps it.</summary>
    public Timestamp Watermark => _watermark > _logic.RestoredWatermark ? _watermark : _logic.RestoredWatermark;

    /// <summary>When <see cref="AdvanceProcessingTime"/> has something to do; null: not before something else
    /// happens.</summary>
    public virtual Timestamp? NextProcessingTime => _logic.NextProcessingTime;

    /// <summary>All records there will ever be have been handled.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>A completed checkpoint holds all that the subtask will ever do, and what it had to commit is committed:
    /// it may finish. For that all that feed it have to finish first: what has ended may still emit at a barrier, or
    /// when a timer of processing time is due.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Timers are still due: <see cref="Continue"/> comes before the next element.</summary>
    public bool HasMore { get; private set; }

    /// <summary>Whether the input waits for the barriers of the others.</summary>
    public bool IsBlocked(int input) => _alignment.IsBlocked(input);

    /// <summary>Handles one element.</summary>
    public void Handle(int input, StreamElement element)
    {
        Invariant.Holds(!HasMore, $"{Address} was given an element before its timers were done");
        Invariant.Holds(!IsBlocked(input), $"{Address} was given an element of input {input}, which is blocked");
        switch (element)
        {
            case WatermarkElement watermark:
                TakeWatermark(input, watermark.Time);
                break;
            case IdleElement:
                _watermarks.TakeIdle(input);
                FollowInputs();
                break;
            case BarrierElement barrier:
                TakeBarrier(input, barrier.Request);
                break;
            case EndOfInputElement:
                TakeEnd(input);
                break;
            case FinishedElement:
                TakeFinished(input);
                break;
            default:
                if (_watermarks.TakeRecords(input))
                {
                    FollowInputs();
                }

                _logic.Process(element, input);
                break;
        }
    }

    /// <summary>Goes on firing timers.</summary>
    public void Continue() => HasMore = !_fire();

    /// <summary>The clock of the process has moved: fires what is due. The pump calls it between two elements, at
    /// <see cref="NextProcessingTime"/> or later.</summary>
    public virtual void AdvanceProcessingTime(Timestamp now)
    {
        Invariant.Holds(!HasMore, $"{Address} was given a time before its timers were done");
        if (_logic.NextProcessingTime <= now)
        {
            _fire = () => _logic.TryAdvanceProcessingTimeTo(now);
            Continue();
        }
    }

    /// <summary>Sends records that wait for a batch to fill. The pump calls it before it waits.</summary>
    public void FlushOutputs()
    {
        foreach (var output in _outputs)
        {
            output.Flush();
        }
    }

    /// <summary>Acts on a message of the coordinator, between two elements.</summary>
    public void Deliver(object message)
    {
        switch (message)
        {
            case TriggerCheckpoint trigger:
                Trigger(trigger.Request);
                break;
            case CheckpointCompleted completed:
                NotifyCompleted(completed.CheckpointId);
                break;
            case CheckpointAborted aborted:
                NotifyAborted(aborted.CheckpointId);
                break;
        }
    }

    public void NotifyCompleted(CheckpointId checkpoint)
    {
        _logic.NotifyCompleted(checkpoint);
        IsDone |= _firstOfAll <= checkpoint && _logic.HasCommitted;
    }

    public virtual void NotifyAborted(CheckpointId checkpoint)
    {
        _alignment.Abort(checkpoint);
        _logic.NotifyAborted(checkpoint);
    }

    /// <summary>Begins a checkpoint at a subtask that the coordinator triggers itself.</summary>
    public void Trigger(SnapshotRequest request)
    {
        if (_alignment.TryBegin(request.CheckpointId) && TryPrepareForTrigger(request))
        {
            TakeSnapshot(request);
        }
    }

    /// <summary>The last thing it does: tells those behind that no barrier follows, either.</summary>
    public void Finish()
    {
        Invariant.Holds(IsDone, $"{Address} was told to finish before it was done");
        SendToAll(FinishedElement.Instance);
    }

    /// <summary>Called right before the barrier goes out.</summary>
    /// <returns>False if the checkpoint was declined.</returns>
    protected virtual bool TryPrepareForTrigger(SnapshotRequest request) => true;

    /// <summary>Fires what is due, then passes the watermark on.</summary>
    /// <param name="watermark">The new event time.</param>
    /// <param name="thenIdle">Whether all inputs are idle behind it: a watermark makes active, so this goes
    /// last.</param>
    protected void AdvanceTo(Timestamp watermark, bool thenIdle = false)
    {
        _watermark = watermark;
        _fire = () =>
        {
            var isDone = _logic.TryAdvanceTo(watermark);
            if (isDone)
            {
                SendToAll(new WatermarkElement(watermark));
                if (thenIdle)
                {
                    SetIdle(true);
                }
            }

            return isDone;
        };
        Continue();
    }

    /// <summary>Tells the operators behind whether this subtask holds event time back.</summary>
    protected void SetIdle(bool isIdle)
    {
        if (_isIdle != isIdle)
        {
            _isIdle = isIdle;
            SendToAll(isIdle ? IdleElement.Instance : new WatermarkElement(Watermark));
        }
    }

    protected void End()
    {
        HasEnded = true;
        SendToAll(EndOfInputElement.Instance);
    }

    private void FollowInputs()
    {
        var isIdle = _watermarks.IsIdle;
        if (_watermarks.Time > Watermark)
        {
            SetIdle(false);
            AdvanceTo(_watermarks.Time, isIdle);
        }
        else
        {
            SetIdle(isIdle);
        }
    }

    private void TakeWatermark(int input, Timestamp time)
    {
        if (time == Timestamp.MaxValue)
        {
            // After a restore it may be all that the input says, where it had ended before.
            _watermarks.RestoreEnded(_logic.LastOfEndedInputs);
        }

        _watermarks.Take(input, time);
        FollowInputs();
    }

    private void TakeEnd(int input)
    {
        _ended[input] = true;
        if (Array.TrueForAll(_ended, static ended => ended))
        {
            End();
        }
    }

    private void TakeFinished(int input)
    {
        Invariant.Holds(_ended[input], $"Input {input} of {Address} finished before it had ended");
        if (_alignment.Remove(input) is { } aligned)
        {
            TakeSnapshot(aligned);
        }
    }

    private void TakeBarrier(int input, SnapshotRequest request)
    {
        var outcome = _alignment.Take(input, request, out var overtaken);
        if (overtaken is { } old)
        {
            Outbox.Declines.Add((old, new CheckpointDeclinedException(
                old, CheckpointFailureReason.Subsumed,
                $"the barrier of checkpoint {request.CheckpointId} overtook it at {Address}")
            { Subtask = Address.ToString() }));
        }

        if (outcome != BarrierOutcome.Ignored)
        {
            _barrierTimes.Add(request, Time);
        }

        if (outcome == BarrierOutcome.Aligned)
        {
            TakeSnapshot(request);
        }
    }

    private void TakeSnapshot(SnapshotRequest request)
    {
        var timed = _barrierTimes.AddTo(request, Time);
        if (HasEnded && !_alignment.HasOpenInputs && _logic.NextProcessingTime is null
            && request.Kind == CheckpointKind.Checkpoint)
        {
            _firstOfAll ??= request.CheckpointId;
        }

        if (_watermarks.LastOfEnded > _logic.LastOfEndedInputs)
        {
            _logic.LastOfEndedInputs = _watermarks.LastOfEnded;
        }

        _logic.BeforeBarrier(request.CheckpointId);
        SendToAll(new BarrierElement(request));
        try
        {
            Outbox.Snapshots.Add(_logic.PrepareSnapshot(timed));
        }
        catch (CheckpointingException e)
        {
            Outbox.Declines.Add((request.CheckpointId, e));
        }
    }

    private void SendToAll(StreamElement control)
    {
        foreach (var output in _outputs)
        {
            output.SendToAll(control);
        }
    }
}
