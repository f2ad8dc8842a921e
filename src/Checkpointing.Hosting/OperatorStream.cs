using Checkpointing.Hosting.Definition;
using Checkpointing.Hosting.Operators;

namespace Checkpointing.Hosting;

/// <summary>The main output of an operator, from which its side outputs can be had, too.</summary>
/// <typeparam name="T">Type of the main output's records.</typeparam>
public sealed class OperatorStream<T> : DataStream<T>
{
    private readonly Vertex<T> _vertex;

    internal OperatorStream(StreamJobBuilder job, Vertex<T> vertex)
        : base(job, StreamOrigin.Of(vertex, vertex.Outputs)) => _vertex = vertex;

    /// <summary>A side output of the operator. May be asked for several times; each stream has all records.</summary>
    /// <param name="tag">What the operator emits them with.</param>
    /// <exception cref="ArgumentException">The operator has one of this name and another type.</exception>
    public DataStream<TSide> SideOutput<TSide>(OutputTag<TSide> tag)
    {
        ArgumentNullException.ThrowIfNull(tag);
        Job.ThrowIfBuilt();
        return new(Job, StreamOrigin.Of(_vertex, _vertex.SideOutputOf(tag).Outputs));
    }
}
