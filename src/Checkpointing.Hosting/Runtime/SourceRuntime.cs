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
}

/// <summary>The part of a source's subtask that the runtime drives.</summary>
internal abstract class SourceLogic : SubtaskLogic
{
    /// <summary>Event time as restored: sent before the first record, so that what was late before is late
    /// again.</summary>
    public abstract Timestamp Watermark { get; }

    /// <summary>Reads and emits a bounded number of records.</summary>
    public abstract SourceStep Step();

    /// <summary>Waits until <see cref="Step"/> is worth another try.</summary>
    /// <returns>False at the end of the input.</returns>
    public abstract ValueTask<bool> WaitForMoreAsync(CancellationToken cancellationToken);
}

/// <summary>The subtask of a source.</summary>
internal sealed class SourceRuntime(
    SubtaskAddress address, SourceLogic logic, IReadOnlyList<OutputPort> outputs, Outbox outbox)
    : SubtaskRuntime(address, 0, logic, outputs, outbox)
{
    /// <summary>Reads on. Call it again while it progresses.</summary>
    public SourceStep Step()
    {
        if (HasEnded)
        {
            return SourceStep.Ended;
        }

        PassWatermarkOn();
        var step = logic.Step();
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

    public ValueTask<bool> WaitForMoreAsync(CancellationToken cancellationToken) =>
        logic.WaitForMoreAsync(cancellationToken);

    private void PassWatermarkOn()
    {
        if (logic.Watermark > Watermark)
        {
            AdvanceTo(logic.Watermark);
        }
    }
}
