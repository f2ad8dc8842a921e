using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>Declares one value a key into which elements of the same type are folded.</summary>
/// <param name="name">Name, unique within the operator.</param>
/// <param name="reduce">Takes the value and an element, gives the new value. Pure and associative.</param>
/// <param name="serializer">Null: the built-in one of exactly this type.</param>
public sealed class ReducingStateDescriptor<T>(string name, Func<T, T, T> reduce, StateSerializer<T>? serializer = null)
    : StateDescriptor(name, StateKind.Reducing)
{
    /// <summary>Folds an element into the value.</summary>
    public Func<T, T, T> Reduce { get; } = reduce ?? throw new ArgumentNullException(nameof(reduce));

    /// <inheritdoc/>
    public override StateSerializer Value => ValueSerializer;

    internal StateSerializer<T> ValueSerializer => Resolve(serializer);
}
