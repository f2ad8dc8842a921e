namespace Checkpointing.State;

/// <summary>Sees the objects that pass between state and the code that uses it. For tests of that code; nothing else
/// sets one.</summary>
/// <remarks>Called by whoever uses the state, inside the access. With it, operator state hands out copies and keeps
/// copies, as keyed state always does.</remarks>
internal abstract class StateObserver
{
    /// <summary>A value was decoded and is handed out: what is changed in it is not stored.</summary>
    /// <param name="state">The state.</param>
    /// <param name="row">The row that it is from; empty for operator state. Valid during the call.</param>
    /// <param name="value">The value.</param>
    /// <param name="serializer">Its serializer.</param>
    public abstract void HandedOut<T>(
        StateDescriptor state, ReadOnlySpan<byte> row, T value, StateSerializer<T> serializer);

    /// <summary>A row was written: what was handed out of it before is of no matter any more.</summary>
    /// <param name="state">The state.</param>
    /// <param name="row">As for <see cref="HandedOut"/>.</param>
    /// <param name="value">What was written.</param>
    /// <param name="serializer">Its serializer.</param>
    public abstract void Stored<T>(
        StateDescriptor state, ReadOnlySpan<byte> row, T value, StateSerializer<T> serializer);

    /// <summary>A row was removed, or written from bytes or from several values: what was handed out of it before is of
    /// no matter any more.</summary>
    public abstract void Replaced(StateDescriptor state, ReadOnlySpan<byte> row);
}
