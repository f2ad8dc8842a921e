using Checkpointing.State;

namespace Checkpointing.Hosting.Operators;

/// <summary>A timer that is due.</summary>
/// <param name="Time">The time it was registered for.</param>
/// <param name="Namespace">Bytes of the namespace it was registered in; empty without.</param>
public readonly record struct StateTimer(Timestamp Time, ReadOnlyMemory<byte> Namespace)
{
    /// <summary>The clock that it followed.</summary>
    public TimeDomain Domain { get; init; }
}
