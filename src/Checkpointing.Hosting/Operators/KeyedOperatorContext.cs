using Checkpointing.State;
using Microsoft.Extensions.Logging;

namespace Checkpointing.Hosting.Operators;

/// <summary>What a keyed operator is opened with.</summary>
/// <typeparam name="TKey">Type of the key.</typeparam>
public sealed class KeyedOperatorContext<TKey>
    where TKey : notnull
{
    private readonly SubtaskState<TKey> _state;

    internal KeyedOperatorContext(Runtime.SubtaskContext subtask, SubtaskState<TKey> state)
    {
        Job = subtask.Address.Job;
        Operator = subtask.Address.Operator;
        SubtaskIndex = subtask.Address.Index;
        Parallelism = subtask.Parallelism;
        Logger = subtask.State.Logger;
        _state = state;
    }

    /// <summary>The job.</summary>
    public JobId Job { get; }

    /// <summary>Name of the operator.</summary>
    public string Operator { get; }

    /// <summary>The subtask, from 0.</summary>
    public int SubtaskIndex { get; }

    /// <summary>Number of subtasks.</summary>
    public int Parallelism { get; }

    /// <summary>Log.</summary>
    public ILogger Logger { get; }

    /// <summary>A declared list of the operator, of no key.</summary>
    public OperatorListState<T> GetState<T>(OperatorListStateDescriptor<T> descriptor) =>
        _state.Operator.GetState(descriptor);

    /// <summary>A declared broadcast map, to read. <see cref="BroadcastElementContext"/> gives it to change.</summary>
    public ReadOnlyBroadcastState<TMapKey, TValue> GetState<TMapKey, TValue>(
        BroadcastStateDescriptor<TMapKey, TValue> descriptor)
        where TMapKey : notnull => _state.Operator.GetState(descriptor).ReadOnly;

    /// <summary>A declared state: one value a key.</summary>
    public ValueState<T> GetState<T>(ValueStateDescriptor<T> descriptor) => _state.Keyed.GetState(descriptor);

    /// <summary>A declared state: a list a key.</summary>
    public ListState<T> GetState<T>(ListStateDescriptor<T> descriptor) => _state.Keyed.GetState(descriptor);

    /// <summary>A declared state: a map a key.</summary>
    public MapState<TMapKey, TValue> GetState<TMapKey, TValue>(MapStateDescriptor<TMapKey, TValue> descriptor)
        where TMapKey : notnull => _state.Keyed.GetState(descriptor);

    /// <summary>A declared state: one value a key, folded from elements of its type.</summary>
    public ReducingState<T> GetState<T>(ReducingStateDescriptor<T> descriptor) => _state.Keyed.GetState(descriptor);

    /// <summary>A declared state: an accumulator a key.</summary>
    public AggregatingState<TIn, TAccumulator, TOut> GetState<TIn, TAccumulator, TOut>(
        AggregatingStateDescriptor<TIn, TAccumulator, TOut> descriptor) => _state.Keyed.GetState(descriptor);
}
