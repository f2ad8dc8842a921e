using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Runtime;
using Checkpointing.State;

namespace Checkpointing.Hosting.Definition;

/// <summary>An operator with keyed state, at the job's parallelism.</summary>
internal sealed class KeyedVertex<TKey, TIn, TOut>(
    string name, Func<KeyedOperator<TKey, TIn, TOut>> factory, Func<TIn, TKey> keySelector,
    StateSerializer<TKey> keySerializer)
    : Vertex<TOut>(name)
    where TKey : notnull
{
    public override bool IsKeyed => true;

    public override int ParallelismFor(Func<string, int> parallelism) => parallelism(Name);

    protected override SubtaskRuntime CreateRuntime(
        SubtaskWiring wiring, Collector<TOut> output, IReadOnlyList<OutputPort> ports, Outbox outbox) =>
        new(
            wiring.Address,
            wiring.InputCount,
            new KeyedLogic<TKey, TIn, TOut>(factory(), keySelector, keySerializer, output),
            ports,
            outbox);
}
