using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>The timers of an operator: rows without values whose map key is the time, 8 bytes.</summary>
internal sealed class TimerStateDescriptor() : StateDescriptor(ReservedName, StateKind.Timer)
{
    internal const string ReservedName = "_timers";

    internal static TimerStateDescriptor Instance { get; } = new();

    public override StateSerializer Value => StateSerializer.Bytes;
}
