using Checkpointing.Coordination;
using Checkpointing.State;

namespace Checkpointing.Hosting.Runtime;

/// <summary>What a step of a source gave.</summary>
internal enum SourceStep
{
    /// <summary>Records were read; there may be more.</summary>
    Progressed = 0,

    /// <summary>Nothing is there now; wait on the logic's <see cref="SourceLogic.WaitForMoreAsync"/>.</summary>
    Waiting = 1,

    /// <summary>The source stands where it was told to pause; it goes on answering triggers.</summary>
    Paused = 2,

    /// <summary>The input has ended; the source goes on answering triggers.</summary>
    Ended = 3,

    /// <summary>The source is held at the savepoint that the job is being stopped with, until that has completed or is
    /// aborted.</summary>
    Held = 4,
}

/// <summary>The part of a source's subtask that the runtime drives.</summary>
internal abstract class SourceLogic : SubtaskLogic
{
    /// <summary>Event time as restored: sent before the first record, so that what was late before is late
    /// again.</summary>
    public abstract Timestamp Watermark { get; }

    /// <summary>Records read so far, from the beginning of the input.</summary>
    public virtual long RecordCount => 0;

    /// <summary>Reads and emits a bounded number of records.</summary>
    public abstract SourceStep Step();

    /// <summary>Waits until <see cref="Step"/> is worth another try.</summary>
    /// <returns>False at the end of the input.</returns>
    public abstract ValueTask<bool> WaitForMoreAsync(CancellationToken cancellationToken);
}

/// <summary>The subtask of a source.</summary>
/// <param name="address">Who it is.</param>
/// <param name="logic">What reads.</param>
/// <param name="outputs">Sending ends.</param>
/// <param name="outbox">Takes what is to be done.</param>
/// <param name="idleAfter">How long nothing has to be there for the source to hold event time back no more; null: it
/// always does.</param>
internal sealed class SourceRuntime(
    SubtaskAddress address, SourceLogic logic, IReadOnlyList<OutputPort> outputs, Outbox outbox,
    TimeSpan? idleAfter = null)
    : SubtaskRuntime(address, 0, logic, outputs, outbox)
{
    private CheckpointId? _heldAt;
    private CheckpointId? _drainedFor;
    private Timestamp? _now;
    private Timestamp? _waitingSince;
    private bool _isIdle;

    /// <summary>Whether it has to be told the time before each step.</summary>
    public bool FollowsClock => idleAfter is not null;

    public override Timestamp? NextProcessingTime => !_isIdle && _waitingSince is { } since && !HasEnded
        ? new(since.Milliseconds + (long)idleAfter!.Value.TotalMilliseconds)
        : null;

    public override void AdvanceProcessingTime(Timestamp now)
    {
        _now = now;
        if (NextProcessingTime <= now)
        {
            SetIdle(_isIdle = true);
        }
    }

    /// <summary>Reads on. Call it again while it progresses.</summary>
    public SourceStep Step()
    {
        if (_heldAt is not null)
        {
            return SourceStep.Held;
        }

        if (HasEnded)
        {
            return SourceStep.Ended;
        }

        PassWatermarkOn();
        var before = logic.RecordCount;
        var step = logic.Step();
        if (logic.RecordCount > before)
        {
            _waitingSince = null;
            SetIdle(_isIdle = false);
        }

        // Also when it has just read: if it waits now, nobody may call again before the time is up.
        if (idleAfter is not null && step == SourceStep.Waiting)
        {
            _waitingSince ??= _now;
        }

        PassWatermarkOn();
        return step;
    }

    /// <summary>Nothing more will come.</summary>
    public void EndInput()
    {
        if (!HasEnded)
        {
            AdvanceTo(Timestamp.MaxValue);
            End();
        }
    }

    /// <summary>Of a savepoint that the source is held at: it reads on.</summary>
    public override void NotifyAborted(CheckpointId checkpoint)
    {
        base.NotifyAborted(checkpoint);
        if (_heldAt == checkpoint)
        {
            _heldAt = null;
        }
    }

    public ValueTask<bool> WaitForMoreAsync(CancellationToken cancellationToken) =>
        logic.WaitForMoreAsync(cancellationToken);

    protected override bool TryPrepareForTrigger(SnapshotRequest request)
    {
        if (_drainedFor is { } savepoint)
        {
            // What was not due has fired: a job that went on from such a checkpoint would not be the same.
            Outbox.Declines.Add((request.CheckpointId, new CheckpointDeclinedException(
                request.CheckpointId, CheckpointFailureReason.JobStopping,
                $"{Address} was drained for savepoint {savepoint}")
            { Subtask = Address.ToString() }));
            return false;
        }

        switch (request.Stop)
        {
            case StopMode.Suspend:
                _heldAt = request.CheckpointId;
                break;
            case StopMode.Drain:
                EndInput();
                _drainedFor = request.CheckpointId;
                break;
        }

        return true;
    }

    private void PassWatermarkOn()
    {
        if (logic.Watermark > Watermark)
        {
            AdvanceTo(logic.Watermark);
        }
    }
}
