using Checkpointing.Coordination;
using Checkpointing.Diagnostics;
using Checkpointing.Hosting.Runtime;

namespace Checkpointing.Hosting.Definition;

/// <summary>How the records of an edge are spread over the subtasks of its target.</summary>
internal enum EdgeKind
{
    /// <summary>From each subtask to the one of the same index; both sides have one parallelism.</summary>
    Forward = 0,

    /// <summary>By the key group of the key.</summary>
    ByKey = 1,

    /// <summary>All to the only subtask.</summary>
    ToSingle = 2,
}

/// <summary>A connection of two operators.</summary>
internal sealed record Edge(Vertex From, Vertex To, EdgeKind Kind)
{
    // Two edges between the same operators are two edges.
    public bool Equals(Edge? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
}

/// <summary>What a subtask is wired with.</summary>
/// <param name="Address">Who it is.</param>
/// <param name="InputCount">Number of its inputs over all edges.</param>
/// <param name="RoutesOf">Targets of an outgoing edge, in the order of the target's subtasks.</param>
/// <param name="MaxParallelism">Number of key groups.</param>
/// <param name="BatchSize">Records sent together.</param>
internal sealed record SubtaskWiring(
    SubtaskAddress Address, int InputCount, Func<Edge, IReadOnlyList<Route>> RoutesOf, int MaxParallelism,
    int BatchSize);

/// <summary>An operator of a job's definition: makes subtasks, holds nothing of a run.</summary>
internal abstract class Vertex(string name)
{
    public string Name { get; } = name;

    public List<Edge> Inputs { get; } = [];

    public virtual bool IsSource => false;

    /// <summary>Whether it owns key groups.</summary>
    public virtual bool IsKeyed => false;

    /// <summary>Whether its parallelism is the job's, or set for it, and not that of another operator.</summary>
    public virtual bool HasOwnParallelism => IsKeyed;

    /// <summary>Number of subtasks, given that of the operators with a parallelism of their own.</summary>
    public abstract int ParallelismFor(Func<string, int> parallelism);

    public abstract SubtaskRuntime CreateSubtask(SubtaskWiring wiring);

    /// <summary>What it keeps: makes the user's code, asks it, and disposes it.</summary>
    public DeclaredStates Declare()
    {
        var probe = CreateSubtask(new(new("probe", 0, 0, Name, 0), Inputs.Count, static _ => [new(0, 0)], 1, 1));
        var declared = probe.Logic.Declared;

        // It has not been opened: there is nothing to wait for.
        var disposing = probe.Logic.DisposeAsync();
        Invariant.Holds(disposing.IsCompleted, $"A subtask of '{Name}' that was never opened is busy.");
        return declared;
    }
}

/// <summary>An operator that emits records.</summary>
internal abstract class Vertex<TOut>(string name) : Vertex(name)
{
    public List<VertexOutput<TOut>> Outputs { get; } = [];

    public sealed override SubtaskRuntime CreateSubtask(SubtaskWiring wiring)
    {
        var outbox = new Outbox();
        var connected = Outputs.ConvertAll(output => output.Open(wiring, outbox));
        var collector = connected is [var only]
            ? only.Entrance
            : new BroadcastCollector<TOut>(connected.ConvertAll(static output => output.Entrance));
        return CreateRuntime(wiring, collector, connected.ConvertAll(static output => output.Port), outbox);
    }

    protected abstract SubtaskRuntime CreateRuntime(
        SubtaskWiring wiring, Collector<TOut> output, IReadOnlyList<OutputPort> ports, Outbox outbox);
}

/// <summary>One outgoing edge of an operator, with the stateless steps on the way to it.</summary>
internal abstract class VertexOutput<TOut>(Edge edge)
{
    public Edge Edge { get; } = edge;

    public abstract (Collector<TOut> Entrance, OutputPort Port) Open(SubtaskWiring wiring, Outbox outbox);
}

/// <summary>One outgoing edge of an operator, with the stateless steps on the way to it.</summary>
/// <param name="edge">The edge.</param>
/// <param name="chain">Puts the steps before the edge.</param>
/// <param name="partitioner">Makes the partitioner for a number of targets; null: the only target.</param>
internal sealed class VertexOutput<TOut, TEdge>(
    Edge edge, Func<Collector<TEdge>, Collector<TOut>> chain, Func<int, int, Partitioner<TEdge>>? partitioner)
    : VertexOutput<TOut>(edge)
{
    public override (Collector<TOut> Entrance, OutputPort Port) Open(SubtaskWiring wiring, Outbox outbox)
    {
        var routes = wiring.RoutesOf(Edge);
        var port = new OutputPort<TEdge>(
            routes, partitioner?.Invoke(routes.Count, wiring.MaxParallelism), outbox, wiring.BatchSize);
        return (chain(port.AsCollector()), port.AsPort());
    }
}

/// <summary>Stands for the output of an operator without one.</summary>
internal readonly struct Nothing;
