using Checkpointing.Hosting.Definition;
using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Runtime;

namespace Checkpointing.Hosting;

/// <summary>Two streams spread by the same key.</summary>
/// <typeparam name="TKey">Type of the key.</typeparam>
/// <typeparam name="TFirst">Type of the first stream's records.</typeparam>
/// <typeparam name="TSecond">Type of the second stream's records.</typeparam>
public sealed class ConnectedStream<TKey, TFirst, TSecond>
    where TKey : notnull
{
    private readonly KeyedStream<TKey, TFirst> _first;
    private readonly KeyedStream<TKey, TSecond> _second;

    internal ConnectedStream(KeyedStream<TKey, TFirst> first, KeyedStream<TKey, TSecond> second) =>
        (_first, _second) = (first, second);

    /// <summary>Adds an operator whose two inputs share its keyed state.</summary>
    /// <param name="name">Name of the operator.</param>
    /// <param name="factory">Called once a subtask and attempt.</param>
    public OperatorStream<TOut> Process<TOut>(
        string name, Func<KeyedTwoInputOperator<TKey, TFirst, TSecond, TOut>> factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        var (firstKey, secondKey, serializer) = (_first.KeySelector, _second.KeySelector, _first.KeySerializer);
        var vertex = new KeyedVertex<TOut>(name, (wiring, emitter) =>
            new TwoInputKeyedLogic<TKey, TFirst, TSecond, TOut>(
                factory(), firstKey, secondKey, serializer, wiring.InputSides, emitter));
        _first.Job.Add(vertex);
        _first.ConnectTo(vertex, InputSide.First);
        _second.ConnectTo(vertex, InputSide.Second);
        return new(_first.Job, vertex);
    }
}
