using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>Declares a list a key.</summary>
/// <param name="name">Name, unique within the operator.</param>
/// <param name="serializer">Of one element. Null: the built-in one of exactly this type.</param>
public sealed class ListStateDescriptor<T>(string name, StateSerializer<T>? serializer = null)
    : StateDescriptor(name, StateKind.List)
{
    /// <inheritdoc/>
    public override StateSerializer Value => ElementSerializer;

    internal StateSerializer<T> ElementSerializer => Resolve(serializer);
}
