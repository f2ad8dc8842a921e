using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>State of a subtask that belongs to no key.</summary>
/// <remarks>One caller at a time.</remarks>
public sealed class OperatorState
{
    private readonly string _operatorName;
    private readonly Dictionary<string, IStoredOperatorList> _lists = [];
    private readonly List<IStoredOperatorList> _inOrder = [];

    internal OperatorState(string operatorName, IEnumerable<StateDescriptor> declared)
    {
        _operatorName = operatorName;
        foreach (var descriptor in declared.OfType<IOperatorListDescriptor>())
        {
            var list = descriptor.NewList(operatorName);
            _lists.Add(list.Descriptor.Name, list);
            _inOrder.Add(list);
        }
    }

    internal IReadOnlyList<IStoredOperatorList> Lists => _inOrder;

    internal bool IsDisposed { get; set; }

    /// <summary>A declared list. Every call gives the same object.</summary>
    /// <exception cref="InvalidOperationException">The state is not among those that the operator declares.</exception>
    public OperatorListState<T> GetState<T>(OperatorListStateDescriptor<T> descriptor)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        return _lists.GetValueOrDefault(descriptor.Name) as OperatorListState<T>
            ?? throw new InvalidOperationException(
                $"Operator '{_operatorName}' declares no list '{descriptor.Name}' of {typeof(T)}. Add its "
                + "descriptor to its states.");
    }

    internal IStoredOperatorList? Find(string name) => _lists.GetValueOrDefault(name);

    internal IReadOnlyList<StateDescription> Describe() =>
        [.. _inOrder.Select(static list => list.Descriptor.Describe(null))];
}
