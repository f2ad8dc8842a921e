using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>State of a subtask that belongs to no key.</summary>
/// <remarks>One caller at a time.</remarks>
public sealed class OperatorState
{
    private readonly string _operatorName;
    private readonly Dictionary<string, IStoredOperatorState> _states = [];
    private readonly List<IStoredOperatorState> _inOrder = [];

    internal OperatorState(
        string operatorName, IEnumerable<StateDescriptor> declared, StateObserver? observer = null)
    {
        _operatorName = operatorName;
        foreach (var descriptor in declared.OfType<IOperatorStateDescriptor>())
        {
            var state = descriptor.NewState(operatorName, observer);
            _states.Add(state.Descriptor.Name, state);
            _inOrder.Add(state);
        }
    }

    internal IReadOnlyList<IStoredOperatorState> States => _inOrder;

    internal bool IsDisposed { get; set; }

    /// <summary>A declared list. Every call gives the same object.</summary>
    /// <exception cref="InvalidOperationException">The state is not among those that the operator declares.</exception>
    public OperatorListState<T> GetState<T>(OperatorListStateDescriptor<T> descriptor) =>
        Get<OperatorListState<T>>(descriptor, $"list '{descriptor?.Name}' of {typeof(T)}");

    /// <summary>A declared broadcast map. Every call gives the same object.</summary>
    /// <exception cref="InvalidOperationException">The state is not among those that the operator declares.</exception>
    public BroadcastState<TKey, TValue> GetState<TKey, TValue>(BroadcastStateDescriptor<TKey, TValue> descriptor)
        where TKey : notnull =>
        Get<BroadcastState<TKey, TValue>>(
            descriptor, $"broadcast map '{descriptor?.Name}' of {typeof(TKey)} and {typeof(TValue)}");

    internal IStoredOperatorState? Find(string name) => _states.GetValueOrDefault(name);

    internal IReadOnlyList<StateDescription> Describe() =>
        [.. _inOrder.Select(static state => state.Descriptor.Describe(null))];

    private TState Get<TState>(StateDescriptor descriptor, FormattableString what)
        where TState : class
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        return _states.GetValueOrDefault(descriptor.Name) as TState
            ?? throw new InvalidOperationException(
                $"Operator '{_operatorName}' declares no {FormattableString.Invariant(what)}. Add its "
                + "descriptor to its states.");
    }
}
