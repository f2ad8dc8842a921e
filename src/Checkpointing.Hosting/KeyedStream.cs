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

    internal KeyedStream(DataStream<T> stream, Func<T, TKey> keySelector, StateSerializer<TKey> keySerializer)
    {
        _stream = stream;
        KeySelector = keySelector;
        KeySerializer = keySerializer;
    }

    internal StreamJobBuilder Job => _stream.Job;

    internal Func<T, TKey> KeySelector { get; }

    internal StateSerializer<TKey> KeySerializer { get; }

    /// <summary>Adds an operator with keyed state.</summary>
    /// <param name="name">Name of the operator.</param>
    /// <param name="factory">Called once a subtask and attempt.</param>
    public OperatorStream<TOut> Process<TOut>(string name, Func<KeyedOperator<TKey, T, TOut>> factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        var (selector, serializer) = (KeySelector, KeySerializer);
        var vertex = new KeyedVertex<TOut>(name, (_, emitter) =>
            new OneInputKeyedLogic<TKey, T, TOut>(factory(), selector, serializer, emitter));
        Job.Add(vertex);
        ConnectTo(vertex, InputSide.First);
        return new(Job, vertex);
    }

    /// <summary>Folds the records of each key into one of their type, and gives it out at each record.</summary>
    /// <param name="name">Name of the operator.</param>
    /// <param name="reduce">Takes what the key has so far and a record, gives what it has now. Pure.</param>
    /// <param name="serializer">Of records. Default: the built-in one of the type.</param>
    public OperatorStream<T> Reduce(string name, Func<T, T, T> reduce, StateSerializer<T>? serializer = null)
    {
        ArgumentNullException.ThrowIfNull(reduce);
        return Process(name, () => new ReduceOperator<TKey, T>(reduce, serializer));
    }

    /// <summary>Cuts the records of each key into windows of time.</summary>
    public WindowedStream<TKey, T> Window(WindowAssigner windows)
    {
        ArgumentNullException.ThrowIfNull(windows);
        return new(this, new WindowSettings<T>(windows));
    }

    /// <summary>Puts a second stream beside this one, for an operator with two inputs that share its keyed
    /// state.</summary>
    /// <param name="other">Of the same job, with the same key and serializer of keys.</param>
    /// <exception cref="ArgumentException">It is of another job, or its keys have another serializer.</exception>
    public ConnectedStream<TKey, T, TOther> Connect<TOther>(KeyedStream<TKey, TOther> other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Job.CheckOwns(other.Job, nameof(other));
        return KeySerializer.Identity == other.KeySerializer.Identity ? new(this, other) : throw new ArgumentException(
            $"The keys of the two streams have different serializers, {KeySerializer.Identity} and "
            + $"{other.KeySerializer.Identity}: equal keys would not meet.",
            nameof(other));
    }

    /// <summary>Puts a stream beside this one whose records all subtasks get.</summary>
    /// <param name="broadcast">Of the same job.</param>
    /// <exception cref="ArgumentException">It is of another job.</exception>
    public BroadcastConnectedStream<TKey, T, TBroadcast> Connect<TBroadcast>(BroadcastStream<TBroadcast> broadcast)
    {
        ArgumentNullException.ThrowIfNull(broadcast);
        Job.CheckOwns(broadcast.Stream.Job, nameof(broadcast));
        return new(this, broadcast.Stream);
    }

    internal void ConnectTo(Vertex vertex, InputSide side)
    {
        var (selector, serializer) = (KeySelector, KeySerializer);
        _stream.Origin.ConnectTo(
            vertex,
            EdgeKind.ByKey,
            (parallelism, maxParallelism) =>
                new KeyPartitioner<TKey, T>(selector, serializer, parallelism, maxParallelism),
            side);
    }
}
