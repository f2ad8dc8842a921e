using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Runtime;

namespace Checkpointing.Hosting.Definition;

/// <summary>An operator without keys, with as many subtasks as the operator before it.</summary>
internal sealed class OperatorVertex<TIn, TOut>(
    string name, Func<StreamOperator<TIn, TOut>> factory, IReadOnlyList<Vertex> upstream) : Vertex<TOut>(name)
{
    public override int ParallelismFor(Func<string, int> parallelism) => WidestOf(upstream, parallelism);

    protected override SubtaskRuntime CreateRuntime(
        SubtaskWiring wiring, Collector<TOut> output, IReadOnlyList<OutputPort> ports, Outbox outbox) =>
        new(
            wiring.Address,
            wiring.InputCount,
            new OperatorLogic<TIn, TOut>(factory(), new(output, wiring.SideOutputs)),
            ports,
            outbox);
}
