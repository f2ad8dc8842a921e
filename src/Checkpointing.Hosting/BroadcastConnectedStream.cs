using Checkpointing.Hosting.Definition;
using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Runtime;

namespace Checkpointing.Hosting;

/// <summary>A keyed stream, and one whose records all its subtasks get.</summary>
/// <typeparam name="TKey">Type of the key.</typeparam>
/// <typeparam name="T">Type of the keyed records.</typeparam>
/// <typeparam name="TBroadcast">Type of the broadcast records.</typeparam>
public sealed class BroadcastConnectedStream<TKey, T, TBroadcast>
    where TKey : notnull
{
    private readonly KeyedStream<TKey, T> _keyed;
    private readonly DataStream<TBroadcast> _broadcast;

    internal BroadcastConnectedStream(KeyedStream<TKey, T> keyed, DataStream<TBroadcast> broadcast) =>
        (_keyed, _broadcast) = (keyed, broadcast);

    /// <summary>Adds an operator with keyed state, and with broadcast state that the broadcast records
    /// change.</summary>
    /// <param name="name">Name of the operator.</param>
    /// <param name="factory">Called once a subtask and attempt.</param>
    public OperatorStream<TOut> Process<TOut>(
        string name, Func<KeyedBroadcastOperator<TKey, T, TBroadcast, TOut>> factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        var (selector, serializer) = (_keyed.KeySelector, _keyed.KeySerializer);
        var vertex = new KeyedVertex<TOut>(name, (wiring, emitter) =>
            new BroadcastKeyedLogic<TKey, T, TBroadcast, TOut>(
                factory(), selector, serializer, wiring.InputSides, emitter));
        _keyed.Job.Add(vertex);
        _keyed.ConnectTo(vertex, InputSide.First);
        _broadcast.Origin.ConnectTo(vertex, EdgeKind.Broadcast, side: InputSide.Second);
        return new(_keyed.Job, vertex);
    }
}
