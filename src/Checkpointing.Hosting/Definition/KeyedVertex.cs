using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Runtime;

namespace Checkpointing.Hosting.Definition;

/// <summary>An operator with keyed state, at the job's parallelism.</summary>
/// <param name="name">Name of the operator.</param>
/// <param name="createLogic">Makes what one subtask does, whatever its inputs are.</param>
internal sealed class KeyedVertex<TOut>(
    string name, Func<SubtaskWiring, Emitter<TOut>, SubtaskLogic> createLogic) : Vertex<TOut>(name)
{
    public override bool IsKeyed => true;

    public override int ParallelismFor(Func<string, int> parallelism) => parallelism(Name);

    protected override SubtaskRuntime CreateRuntime(
        SubtaskWiring wiring, Collector<TOut> output, IReadOnlyList<OutputPort> ports, Outbox outbox) =>
        new(wiring.Address, wiring.InputCount, createLogic(wiring, new(output, wiring.SideOutputs)), ports, outbox);
}
