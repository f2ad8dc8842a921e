using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>Declares a map a key.</summary>
/// <param name="name">Name, unique within the operator.</param>
/// <param name="keySerializer">Canonical. Null: the built-in one of exactly this type.</param>
/// <param name="valueSerializer">Null: the built-in one of exactly this type.</param>
public sealed class MapStateDescriptor<TKey, TValue>(
    string name, StateSerializer<TKey>? keySerializer = null, StateSerializer<TValue>? valueSerializer = null)
    : StateDescriptor(name, StateKind.Map)
    where TKey : notnull
{
    /// <inheritdoc/>
    public override StateSerializer Value => ValueSerializer;

    /// <inheritdoc/>
    public override StateSerializer UserKey => KeySerializer;

    internal StateSerializer<TKey> KeySerializer => Resolve(keySerializer);

    internal StateSerializer<TValue> ValueSerializer => Resolve(valueSerializer);
}
