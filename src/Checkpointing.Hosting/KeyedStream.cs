using Checkpointing.Hosting.Definition;
using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Runtime;
using Checkpointing.Hosting.Windows;
using Checkpointing.State;

namespace Checkpointing.Hosting;

/// <summary>A stream whose records are spread by key.</summary>
/// <typeparam name="TKey">Type of the key.</typeparam>
/// <typeparam name="T">Type of the records.</typeparam>
public sealed class KeyedStream<TKey, T>
    where TKey : notnull
{
    private readonly DataStream<T> _stream;
    private readonly Func<T, TKey> _keySelector;
    private readonly StateSerializer<TKey> _keySerializer;

    internal KeyedStream(DataStream<T> stream, Func<T, TKey> keySelector, StateSerializer<TKey> keySerializer)
    {
        _stream = stream;
        _keySelector = keySelector;
        _keySerializer = keySerializer;
    }

    /// <summary>Adds an operator with keyed state.</summary>
    /// <param name="name">Name of the operator.</param>
    /// <param name="factory">Called once a subtask and attempt.</param>
    public DataStream<TOut> Process<TOut>(string name, Func<KeyedOperator<TKey, T, TOut>> factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        var vertex = new KeyedVertex<TKey, T, TOut>(name, factory, _keySelector, _keySerializer);
        _stream.Job.Add(vertex);
        var (selector, serializer) = (_keySelector, _keySerializer);
        _stream.Origin.ConnectTo(vertex, EdgeKind.ByKey, (parallelism, maxParallelism) =>
            new KeyPartitioner<TKey, T>(selector, serializer, parallelism, maxParallelism));
        return new(_stream.Job, new StreamOrigin<TOut, TOut>(vertex, static next => next));
    }

    /// <summary>Folds the records of each key into one of their type, and gives it out at each record.</summary>
    /// <param name="name">Name of the operator.</param>
    /// <param name="reduce">Takes what the key has so far and a record, gives what it has now. Pure.</param>
    /// <param name="serializer">Of records. Default: the built-in one of the type.</param>
    public DataStream<T> Reduce(string name, Func<T, T, T> reduce, StateSerializer<T>? serializer = null)
    {
        ArgumentNullException.ThrowIfNull(reduce);
        return Process(name, () => new ReduceOperator<TKey, T>(reduce, serializer));
    }

    /// <summary>Cuts the records of each key into windows of event time.</summary>
    public WindowedStream<TKey, T> Window(TumblingWindows windows)
    {
        ArgumentNullException.ThrowIfNull(windows);
        return new(this, windows);
    }
}
