using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>Declares a list of the operator, of no key.</summary>
/// <param name="name">Name, unique within the operator.</param>
/// <param name="serializer">Of one item. Null: the built-in one of exactly this type.</param>
public sealed class OperatorListStateDescriptor<T>(string name, StateSerializer<T>? serializer = null)
    : StateDescriptor(name, StateKind.OperatorList), IOperatorStateDescriptor
{
    /// <summary>How items are dealt to the subtasks on restore. Default:
    /// <see cref="StateRedistribution.Split"/>.</summary>
    public StateRedistribution Redistribution { get; init; }

    /// <inheritdoc/>
    public override StateSerializer Value => ItemSerializer;

    internal StateSerializer<T> ItemSerializer => Resolve(serializer);

    IStoredOperatorState IOperatorStateDescriptor.NewState(
        string operatorName, StateObserver? observer) =>
        new OperatorListState<T>(this, operatorName, observer);
}
