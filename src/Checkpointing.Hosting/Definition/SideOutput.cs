using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Runtime;

namespace Checkpointing.Hosting.Definition;

/// <summary>A side output of an operator, and the edges that lead away from it.</summary>
internal abstract class SideOutput
{
    /// <summary>Opens its edges at one subtask and makes it known to the operator.</summary>
    public abstract IEnumerable<OutputPort> Open(SubtaskWiring wiring, Outbox outbox);
}

/// <summary>A side output of an operator, and the edges that lead away from it.</summary>
internal sealed class SideOutput<T>(OutputTag<T> tag) : SideOutput
{
    public List<VertexOutput<T>> Outputs { get; } = [];

    public override IEnumerable<OutputPort> Open(SubtaskWiring wiring, Outbox outbox)
    {
        var (collector, ports) = VertexOutput<T>.OpenAll(Outputs, wiring, outbox);
        wiring.SideOutputs.Add(tag, collector);
        return ports;
    }
}
