using Checkpointing.Hosting.Runtime;

namespace Checkpointing.Hosting.Definition;

/// <summary>One outgoing edge of an operator, with the stateless steps on the way to it.</summary>
internal abstract class VertexOutput<TOut>(Edge edge)
{
    public Edge Edge { get; } = edge;

    public abstract (Collector<TOut> Entrance, OutputPort Port) Open(SubtaskWiring wiring, Outbox outbox);

    /// <summary>Opens several edges as one collector.</summary>
    public static (Collector<TOut> Collector, IReadOnlyList<OutputPort> Ports) OpenAll(
        IReadOnlyList<VertexOutput<TOut>> outputs, SubtaskWiring wiring, Outbox outbox)
    {
        (Collector<TOut> Entrance, OutputPort Port)[] opened =
            [.. outputs.Select(output => output.Open(wiring, outbox))];
        var collector = opened is [var only]
            ? only.Entrance
            : new BroadcastCollector<TOut>([.. opened.Select(static output => output.Entrance)]);
        return (collector, [.. opened.Select(static output => output.Port)]);
    }
}

/// <summary>One outgoing edge of an operator, with the stateless steps on the way to it.</summary>
/// <param name="edge">The edge.</param>
/// <param name="chain">Puts the steps before the edge.</param>
/// <param name="partitioner">Makes the partitioner for a number of targets; null: the only target, or round
/// robin.</param>
internal sealed class VertexOutput<TOut, TEdge>(
    Edge edge, Func<Collector<TEdge>, Collector<TOut>> chain, Func<int, int, Partitioner<TEdge>>? partitioner)
    : VertexOutput<TOut>(edge)
{
    public override (Collector<TOut> Entrance, OutputPort Port) Open(SubtaskWiring wiring, Outbox outbox)
    {
        var routes = wiring.RoutesOf(Edge);
        var port = Edge.Kind == EdgeKind.Broadcast
            ? new CopyingPort<TEdge>(routes, outbox, wiring.BatchSize)
            : new OutputPort<TEdge>(routes, PartitionerFor(routes.Count, wiring), outbox, wiring.BatchSize);
        return (chain(port.AsCollector()), port.AsPort());
    }

    private Partitioner<TEdge>? PartitionerFor(int targetCount, SubtaskWiring wiring) =>
        partitioner is not null ? partitioner(targetCount, wiring.MaxParallelism)
        : targetCount > 1 ? new RoundRobinPartitioner<TEdge>(wiring.Address.Index, targetCount)
        : null;
}

/// <summary>Stands for the output of an operator without one.</summary>
internal readonly struct Nothing;
