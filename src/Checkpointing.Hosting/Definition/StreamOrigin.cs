using Checkpointing.Hosting.Runtime;

namespace Checkpointing.Hosting.Definition;

/// <summary>Where a stream comes from: an operator, and the stateless steps since.</summary>
internal abstract class StreamOrigin<T>
{
    public abstract Vertex Vertex { get; }

    /// <summary>Adds an edge to another operator.</summary>
    public abstract void ConnectTo(Vertex target, EdgeKind kind, Func<int, int, Partitioner<T>>? partitioner = null);

    public abstract StreamOrigin<TNext> Then<TNext>(Func<Collector<TNext>, Collector<T>> step);
}

/// <summary>Where a stream comes from: an operator, and the stateless steps since.</summary>
internal sealed class StreamOrigin<TVertex, T>(Vertex<TVertex> vertex, Func<Collector<T>, Collector<TVertex>> chain)
    : StreamOrigin<T>
{
    public override Vertex Vertex => vertex;

    public override void ConnectTo(Vertex target, EdgeKind kind, Func<int, int, Partitioner<T>>? partitioner = null)
    {
        var edge = new Edge(vertex, target, kind);
        vertex.Outputs.Add(new VertexOutput<TVertex, T>(edge, chain, partitioner));
        target.Inputs.Add(edge);
    }

    public override StreamOrigin<TNext> Then<TNext>(Func<Collector<TNext>, Collector<T>> step) =>
        new StreamOrigin<TVertex, TNext>(vertex, next => chain(step(next)));
}
