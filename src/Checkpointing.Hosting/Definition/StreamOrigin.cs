using Checkpointing.Hosting.Runtime;

namespace Checkpointing.Hosting.Definition;

/// <summary>Where a stream comes from: outputs of operators, and the stateless steps since.</summary>
internal abstract class StreamOrigin<T>
{
    /// <summary>The operators.</summary>
    public abstract IReadOnlyList<Vertex> Upstream { get; }

    /// <summary>Adds an edge to another operator from each of the outputs.</summary>
    public abstract void ConnectTo(
        Vertex target, EdgeKind kind, Func<int, int, Partitioner<T>>? partitioner = null,
        InputSide side = InputSide.First);

    public abstract StreamOrigin<TNext> Then<TNext>(Func<Collector<TNext>, Collector<T>> step);
}

/// <summary>One output of an operator, and the stateless steps since.</summary>
/// <param name="vertex">The operator.</param>
/// <param name="outputs">Edges of the output.</param>
/// <param name="chain">The steps.</param>
internal sealed class StreamOrigin<TOutput, T>(
    Vertex vertex, List<VertexOutput<TOutput>> outputs, Func<Collector<T>, Collector<TOutput>> chain)
    : StreamOrigin<T>
{
    public override IReadOnlyList<Vertex> Upstream => [vertex];

    public override void ConnectTo(
        Vertex target, EdgeKind kind, Func<int, int, Partitioner<T>>? partitioner = null,
        InputSide side = InputSide.First)
    {
        var edge = new Edge(vertex, target, kind, side);
        outputs.Add(new VertexOutput<TOutput, T>(edge, chain, partitioner));
        target.Inputs.Add(edge);
    }

    public override StreamOrigin<TNext> Then<TNext>(Func<Collector<TNext>, Collector<T>> step) =>
        new StreamOrigin<TOutput, TNext>(vertex, outputs, next => chain(step(next)));
}

/// <summary>Makes origins.</summary>
internal static class StreamOrigin
{
    /// <summary>An output as it is, without steps.</summary>
    public static StreamOrigin<T> Of<T>(Vertex vertex, List<VertexOutput<T>> outputs) =>
        new StreamOrigin<T, T>(vertex, outputs, static next => next);
}

/// <summary>Several streams as one.</summary>
internal sealed class UnionOrigin<T>(IReadOnlyList<StreamOrigin<T>> parts) : StreamOrigin<T>
{
    public override IReadOnlyList<Vertex> Upstream => [.. parts.SelectMany(static part => part.Upstream)];

    public override void ConnectTo(
        Vertex target, EdgeKind kind, Func<int, int, Partitioner<T>>? partitioner = null,
        InputSide side = InputSide.First)
    {
        foreach (var part in parts)
        {
            part.ConnectTo(target, kind, partitioner, side);
        }
    }

    public override StreamOrigin<TNext> Then<TNext>(Func<Collector<TNext>, Collector<T>> step) =>
        new UnionOrigin<TNext>([.. parts.Select(part => part.Then(step))]);
}
