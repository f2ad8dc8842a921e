using Checkpointing.Coordination;
using Checkpointing.Diagnostics;
using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Runtime;

namespace Checkpointing.Hosting.Definition;

/// <summary>How the records of an edge are spread over the subtasks of its target.</summary>
internal enum EdgeKind
{
    /// <summary>From each subtask to the one of the same index; where the two sides have different parallelism, round
    /// robin.</summary>
    Forward = 0,

    /// <summary>By the key group of the key.</summary>
    ByKey = 1,

    /// <summary>All to the only subtask.</summary>
    ToSingle = 2,

    /// <summary>Each to all.</summary>
    Broadcast = 3,
}

/// <summary>A connection of two operators.</summary>
internal sealed record Edge(Vertex From, Vertex To, EdgeKind Kind, InputSide Side)
{
    // Two edges between the same operators are two edges.
    public bool Equals(Edge? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
}

/// <summary>What a subtask is wired with.</summary>
/// <param name="Address">Who it is.</param>
/// <param name="InputSides">Its inputs over all edges: which of the operator's inputs each one belongs to.</param>
/// <param name="RoutesOf">Targets of an outgoing edge, in the order of the target's subtasks.</param>
/// <param name="MaxParallelism">Number of key groups.</param>
/// <param name="BatchSize">Records sent together.</param>
internal sealed record SubtaskWiring(
    SubtaskAddress Address, IReadOnlyList<InputSide> InputSides, Func<Edge, IReadOnlyList<Route>> RoutesOf,
    int MaxParallelism, int BatchSize)
{
    public int InputCount => InputSides.Count;

    /// <summary>Where records beside the main output go.</summary>
    public SideOutputs SideOutputs { get; } = new();
}

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

    /// <summary>Whether its input may be longer at the next start: then it never finishes.</summary>
    public virtual bool MayGrow => false;

    /// <summary>Number of subtasks, given that of the operators with a parallelism of their own.</summary>
    public abstract int ParallelismFor(Func<string, int> parallelism);

    public abstract SubtaskRuntime CreateSubtask(SubtaskWiring wiring);

    /// <summary>What it keeps: makes the user's code, asks it, and disposes it.</summary>
    public DeclaredStates Declare()
    {
        var probe = CreateSubtask(new(
            new("probe", 0, 0, Name, 0), [.. Inputs.Select(static edge => edge.Side)],
            static _ => [new(0, 0)], 1, 1));
        var declared = probe.Logic.Declared;

        // It has not been opened: there is nothing to wait for.
        var disposing = probe.Logic.DisposeAsync();
        Invariant.Holds(disposing.IsCompleted, $"A subtask of '{Name}' that was never opened is busy.");
        return declared;
    }

    /// <summary>The largest number of subtasks of several operators.</summary>
    protected static int WidestOf(IReadOnlyList<Vertex> vertices, Func<string, int> parallelism) =>
        vertices.Max(vertex => vertex.ParallelismFor(parallelism));
}

/// <summary>An operator that emits records.</summary>
internal abstract class Vertex<TOut>(string name) : Vertex(name)
{
    private readonly Dictionary<string, SideOutput> _sideOutputs = [];

    public List<VertexOutput<TOut>> Outputs { get; } = [];

    /// <summary>The side output of a tag; made when it is asked for first.</summary>
    /// <exception cref="ArgumentException">There is one of this name and another type.</exception>
    public SideOutput<T> SideOutputOf<T>(OutputTag<T> tag)
    {
        if (!_sideOutputs.TryGetValue(tag.Name, out var output))
        {
            _sideOutputs.Add(tag.Name, output = new SideOutput<T>(tag));
        }

        return output as SideOutput<T> ?? throw new ArgumentException(
            $"Operator '{Name}' has a side output '{tag.Name}' of another type than {typeof(T)}. Give one of them "
            + "another name.",
            nameof(tag));
    }

    public sealed override SubtaskRuntime CreateSubtask(SubtaskWiring wiring)
    {
        var outbox = new Outbox();
        var (collector, ports) = VertexOutput<TOut>.OpenAll(Outputs, wiring, outbox);
        var sidePorts = _sideOutputs.Values.SelectMany(output => output.Open(wiring, outbox));
        return CreateRuntime(wiring, collector, [.. ports, .. sidePorts], outbox);
    }

    protected abstract SubtaskRuntime CreateRuntime(
        SubtaskWiring wiring, Collector<TOut> output, IReadOnlyList<OutputPort> ports, Outbox outbox);
}
