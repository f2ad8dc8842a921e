using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>Declares a map of the operator of which every subtask holds the same copy.</summary>
/// <param name="name">Name, unique within the operator.</param>
/// <param name="keySerializer">Of the map's keys; never changes. Null: the built-in one of exactly this type.</param>
/// <param name="valueSerializer">Of values. Null: the built-in one of exactly this type.</param>
/// <typeparam name="TKey">Keys of the map.</typeparam>
/// <typeparam name="TValue">Values; count as immutable.</typeparam>
public sealed class BroadcastStateDescriptor<TKey, TValue>(
    string name, StateSerializer<TKey>? keySerializer = null, StateSerializer<TValue>? valueSerializer = null)
    : StateDescriptor(name, StateKind.Broadcast), IOperatorStateDescriptor
    where TKey : notnull
{
    /// <inheritdoc/>
    public override StateSerializer Value => ValueSerializer;

    /// <inheritdoc/>
    public override StateSerializer? UserKey => KeySerializer;

    internal StateSerializer<TKey> KeySerializer => Resolve(keySerializer);

    internal StateSerializer<TValue> ValueSerializer => Resolve(valueSerializer);

    IStoredOperatorState IOperatorStateDescriptor.NewState(
        string operatorName, StateObserver? observer) =>
        new BroadcastState<TKey, TValue>(this, operatorName);
}
