using Checkpointing.State;

namespace Checkpointing.Testing.Operators;

// Looking at the operator's state. It does not count as an access: no time to live begins anew.
public sealed partial class KeyedOperatorHarness<TKey, TIn, TOut>
{
    /// <summary>Reads what a key has in a state: the value, what was folded (reducing), the accumulator
    /// (aggregating).</summary>
    /// <param name="key">The key.</param>
    /// <param name="stateName">Name of the state.</param>
    /// <returns>The default of its type if there is none.</returns>
    /// <exception cref="ArgumentException">The operator has no such state, or it is of another type or
    /// kind.</exception>
    /// <exception cref="InvalidOperationException">The state is kept by a namespace: give one.</exception>
    public T? ReadState<T>(TKey key, string stateName)
    {
        var (keyed, state) = Find<StateDescriptor>(key, stateName);
        var serializer = ValueSerializer<T>(state);
        return RowsOf(keyed, state, key) is [var row, ..] ? serializer.Read(row.Value) : default;
    }

    /// <summary>Reads what a key has in a state in one namespace, for example a window; like
    /// <see cref="ReadState{T}(TKey, string)"/>.</summary>
    /// <param name="key">The key.</param>
    /// <param name="within">The namespace.</param>
    /// <param name="stateName">Name of the state.</param>
    /// <returns>The default of its type if there is none.</returns>
    /// <exception cref="ArgumentException">The operator has no such state, or it is of another type or
    /// kind.</exception>
    /// <exception cref="InvalidOperationException">The state has no namespace of this type.</exception>
    public T? ReadState<T, TNamespace>(TKey key, TNamespace within, string stateName)
    {
        var (keyed, state) = Find<StateDescriptor>(key, stateName);
        var serializer = ValueSerializer<T>(state);
        byte[] prefix;
        using (keyed.EnterKey(key))
        using (keyed.EnterNamespace(within))
        {
            prefix = keyed.Find(state).Prefix().ToArray();
        }

        foreach (var row in keyed.ReadRows(keyed.Find(state), prefix))
        {
            return serializer.Read(row.Value);
        }

        return default;
    }

    /// <summary>Reads the list that a key has.</summary>
    /// <param name="key">The key.</param>
    /// <param name="stateName">Name of the state.</param>
    /// <returns>The elements in order; empty if there are none.</returns>
    /// <exception cref="ArgumentException">The operator has no such state, or it is of another type or
    /// kind.</exception>
    public IReadOnlyList<T> ReadList<T>(TKey key, string stateName)
    {
        var (keyed, state) = Find<ListStateDescriptor<T>>(key, stateName);
        return RowsOf(keyed, state, key) is [var row, ..]
            ? KeyedState<TKey>.DecodeList(keyed.Find(state), (StateSerializer<T>)state.Value, row.Value)
            : [];
    }

    /// <summary>Reads the map that a key has.</summary>
    /// <param name="key">The key.</param>
    /// <param name="stateName">Name of the state.</param>
    /// <returns>The entries; empty if there are none.</returns>
    /// <exception cref="ArgumentException">The operator has no such state, or it is of another type or
    /// kind.</exception>
    public IReadOnlyDictionary<TMapKey, TValue> ReadMap<TMapKey, TValue>(TKey key, string stateName)
        where TMapKey : notnull
    {
        var (keyed, state) = Find<MapStateDescriptor<TMapKey, TValue>>(key, stateName);
        var keys = (StateSerializer<TMapKey>)state.UserKey!;
        var values = (StateSerializer<TValue>)state.Value;
        return RowsOf(keyed, state, key).ToDictionary(row => keys.Read(row.UserKey), row => values.Read(row.Value));
    }

    /// <summary>Reads a list of the operator: the items of all subtasks, by subtask. What an operator puts there at a
    /// checkpoint only is what it was at the last one.</summary>
    /// <param name="stateName">Name of the state.</param>
    /// <exception cref="ArgumentException">The operator has no such state, or it is of another type or
    /// kind.</exception>
    public IReadOnlyList<T> ReadOperatorState<T>(string stateName)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return
        [
            .. _subtasks.SelectMany(subtask => subtask.State.Operator.GetState(
                Find<OperatorListStateDescriptor<T>>(subtask, stateName)).Items),
        ];
    }

    /// <summary>All keyed state and all timers of all subtasks.</summary>
    internal IEnumerable<KeyedRow> ReadRows()
    {
        foreach (var subtask in _subtasks)
        {
            var keyed = subtask.State.Keyed;
            foreach (var state in subtask.Operator.States.Where(static state => !state.IsOfOperator))
            {
                foreach (var row in keyed.ReadRows(keyed.Find(state)))
                {
                    yield return new(
                        state, row.KeyGroup, row.Key.ToString(), row.KeyBytes, row.Namespace, row.UserKey, row.Value);
                }
            }

            if (subtask.Operator.UsesTimers)
            {
                foreach (var row in subtask.State.Timers.Rows)
                {
                    yield return KeyedRow.OfTimer(row, _setup.KeySerializer);
                }
            }
        }
    }

    private static StateSerializer<T> ValueSerializer<T>(StateDescriptor state) =>
        state.Kind is StateHandles.StateKind.Value or StateHandles.StateKind.Reducing
            or StateHandles.StateKind.Aggregating
            ? state.Value as StateSerializer<T> ?? throw new ArgumentException(
                $"State '{state.Name}' holds values of {state.Value.ValueType}, not of {typeof(T)}.")
            : throw new ArgumentException(
                $"State '{state.Name}' is of kind {state.Kind}: read it with {nameof(ReadList)}, {nameof(ReadMap)} or "
                + $"{nameof(ReadOperatorState)}.");

    private static TDescriptor Find<TDescriptor>(HarnessSubtask<TKey, TIn, TOut> subtask, string stateName)
        where TDescriptor : StateDescriptor
    {
        var state = subtask.Operator.States.FirstOrDefault(state => state.Name == stateName)
            ?? throw new ArgumentException($"The operator declares no state '{stateName}'.", nameof(stateName));
        return state as TDescriptor ?? throw new ArgumentException(
            $"State '{stateName}' is a {state.Kind} of {state.Value.ValueType}, and was asked for as "
            + $"{typeof(TDescriptor)}.",
            nameof(stateName));
    }

    private static List<KeyedState<TKey>.Row> RowsOf(KeyedState<TKey> keyed, StateDescriptor state, TKey key)
    {
        var access = keyed.Find(state);
        byte[] prefix;
        using (keyed.EnterKey(key))
        {
            prefix = access.Prefix().ToArray();
        }

        return [.. keyed.ReadRows(access, prefix)];
    }

    private (KeyedState<TKey> Keyed, TDescriptor State) Find<TDescriptor>(TKey key, string stateName)
        where TDescriptor : StateDescriptor
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var subtask = _subtasks[_partitioner.SubtaskOf(key)];
        return (subtask.State.Keyed, Find<TDescriptor>(subtask, stateName));
    }
}
