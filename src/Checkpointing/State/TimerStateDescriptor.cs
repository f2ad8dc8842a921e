using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>The timers of an operator: rows without values. In the place of a map's key they have the time, 8 bytes,
/// and
/// those of processing time a mark behind it.</summary>
internal sealed class TimerStateDescriptor() : StateDescriptor(ReservedName, StateKind.Timer)
{
    internal const string ReservedName = "_timers";

    internal const byte ProcessingTimeMark = 1;

    internal static TimerStateDescriptor Instance { get; } = new();

    public override StateSerializer Value => StateSerializer.Bytes;

    /// <summary>The clock of a row's timer.</summary>
    internal static TimeDomain DomainOf(ReadOnlySpan<byte> userKey) =>
        userKey is [.. { Length: sizeof(long) }, ProcessingTimeMark] ? TimeDomain.ProcessingTime : TimeDomain.EventTime;

    /// <summary>The bytes of a row's time.</summary>
    internal static ReadOnlySpan<byte> TimeOf(ReadOnlySpan<byte> userKey) =>
        DomainOf(userKey) == TimeDomain.ProcessingTime ? userKey[..^1] : userKey;
}
