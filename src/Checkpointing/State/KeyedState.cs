using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>State by key of one subtask: the current key, and the declared states.</summary>
/// <remarks>One caller at a time. State objects act on the current key: enter one, then use them.</remarks>
public sealed partial class KeyedState<TKey>
    where TKey : notnull
{
    private readonly CurrentKey _current;
    private readonly StateSerializer<TKey> _keySerializer;
    private readonly Dictionary<string, KeyedStateAccess> _accesses;
    private readonly Dictionary<string, object> _states = [];
    private readonly Dictionary<Type, StateSerializer> _namespaces = [];

    internal KeyedState(CurrentKey current, StateSerializer<TKey> keySerializer, IEnumerable<KeyedStateAccess> accesses)
    {
        (_current, _keySerializer) = (current, keySerializer);
        _accesses = accesses.ToDictionary(static access => access.Descriptor.Name);
        foreach (var access in _accesses.Values)
        {
            if (access.Descriptor.Namespace is { } serializer)
            {
                _namespaces[serializer.ValueType] = serializer;
            }
        }
    }

    /// <summary>Makes a key current until the scope is disposed: <c>using (keyed.EnterKey(key)) { … }</c>.</summary>
    /// <exception cref="InvalidOperationException">A scope is open already.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The key's group is not one of this subtask.</exception>
    public KeyScope EnterKey(TKey key) => _current.EnterKey(key, _keySerializer);

    /// <summary>Makes a namespace (a window) current until the scope is disposed. Needs a key scope.</summary>
    /// <exception cref="InvalidOperationException">There is no key scope, a namespace scope is open already, or no
    /// declared
    /// state has a namespace of this type.</exception>
    public NamespaceScope EnterNamespace<TNamespace>(TNamespace value) =>
        _namespaces.GetValueOrDefault(typeof(TNamespace)) is StateSerializer<TNamespace> serializer
            ? _current.EnterNamespace(value, serializer)
            : throw new InvalidOperationException(
                $"Operator '{_current.OperatorName}' declares no state that is kept by a namespace "
                + $"of {typeof(TNamespace)}.");

    /// <summary>Makes a namespace current that is given as its bytes, as a due timer holds it.</summary>
    /// <exception cref="InvalidOperationException">There is no key scope, or a namespace scope is open
    /// already.</exception>
    public NamespaceScope EnterStoredNamespace(ReadOnlySpan<byte> value) => _current.EnterNamespace(value);

    /// <summary>A declared state. Every call gives the same object.</summary>
    /// <exception cref="InvalidOperationException">The state is not declared, or declared in another way.</exception>
    public ValueState<T> GetState<T>(ValueStateDescriptor<T> descriptor) =>
        Get(descriptor, access => new ValueState<T>(access, descriptor.ValueSerializer));

    /// <summary>A declared state. Every call gives the same object.</summary>
    /// <exception cref="InvalidOperationException">The state is not declared, or declared in another way.</exception>
    public ListState<T> GetState<T>(ListStateDescriptor<T> descriptor) =>
        Get(descriptor, access => new ListState<T>(access, descriptor.ElementSerializer));

    /// <summary>A declared state. Every call gives the same object.</summary>
    /// <exception cref="InvalidOperationException">The state is not declared, or declared in another way.</exception>
    public MapState<TMapKey, TValue> GetState<TMapKey, TValue>(MapStateDescriptor<TMapKey, TValue> descriptor)
        where TMapKey : notnull =>
        Get(descriptor, access => new MapState<TMapKey, TValue>(
            access, descriptor.KeySerializer, descriptor.ValueSerializer));

    /// <summary>A declared state. Every call gives the same object.</summary>
    /// <exception cref="InvalidOperationException">The state is not declared, or declared in another way.</exception>
    public ReducingState<T> GetState<T>(ReducingStateDescriptor<T> descriptor) =>
        Get(descriptor, access => new ReducingState<T>(
            access, descriptor.ValueSerializer, descriptor.Reduce,
            mayMerge: descriptor is { BuiltIn: not null, TimeToLive: null }));

    /// <summary>A declared state. Every call gives the same object.</summary>
    /// <exception cref="InvalidOperationException">The state is not declared, or declared in another way.</exception>
    public AggregatingState<TIn, TAccumulator, TOut> GetState<TIn, TAccumulator, TOut>(
        AggregatingStateDescriptor<TIn, TAccumulator, TOut> descriptor) =>
        Get(descriptor, access => new AggregatingState<TIn, TAccumulator, TOut>(
            access, descriptor.AccumulatorSerializer, descriptor.Aggregator));

    private TState Get<TState>(StateDescriptor descriptor, Func<KeyedStateAccess, TState> create)
        where TState : class
    {
        var access = Find(descriptor);
        if (!_states.TryGetValue(descriptor.Name, out var state))
        {
            state = create(access);
            _states.Add(descriptor.Name, state);
        }

        return state as TState ?? throw DeclaredOtherwise(descriptor);
    }

    /// <summary>The access of a declared state.</summary>
    internal KeyedStateAccess Find(StateDescriptor descriptor)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        _current.ThrowIfDisposed();
        if (!_accesses.TryGetValue(descriptor.Name, out var access))
        {
            throw new InvalidOperationException(
                $"State '{descriptor.Name}' is not among those that operator '{_current.OperatorName}' declares. "
                + "Add its descriptor to its states.");
        }

        return ReferenceEquals(access.Descriptor, descriptor)
            || (access.Descriptor.Describe(null) == descriptor.Describe(null)
                && access.Descriptor.TimeToLive == descriptor.TimeToLive)
            ? access
            : throw DeclaredOtherwise(descriptor);
    }

    private InvalidOperationException DeclaredOtherwise(StateDescriptor descriptor) => new(
        $"Operator '{_current.OperatorName}' declares state '{descriptor.Name}' with another kind, other "
        + "serializers or another time to live.");
}
