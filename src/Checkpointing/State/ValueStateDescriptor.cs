using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>Declares one value a key.</summary>
/// <param name="name">Name, unique within the operator.</param>
/// <param name="serializer">Null: the built-in one of exactly this type.</param>
public sealed class ValueStateDescriptor<T>(string name, StateSerializer<T>? serializer = null)
    : StateDescriptor(name, StateKind.Value)
{
    /// <inheritdoc/>
    public override StateSerializer Value => ValueSerializer;

    internal StateSerializer<T> ValueSerializer => Resolve(serializer);
}
