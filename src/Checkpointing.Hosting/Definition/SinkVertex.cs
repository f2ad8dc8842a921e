using Checkpointing.Hosting.Runtime;
using Checkpointing.Hosting.Sinks;
using Checkpointing.State;

namespace Checkpointing.Hosting.Definition;

/// <summary>A sink that writes at once, with as many subtasks as the operator before it.</summary>
internal sealed class SinkVertex<T>(string name, ISink<T> sink, IReadOnlyList<Vertex> upstream)
    : Vertex<Nothing>(name)
{
    public override int ParallelismFor(Func<string, int> parallelism) => WidestOf(upstream, parallelism);

    protected override SubtaskRuntime CreateRuntime(
        SubtaskWiring wiring, Collector<Nothing> output, IReadOnlyList<OutputPort> ports, Outbox outbox) =>
        new(wiring.Address, wiring.InputCount, new SinkLogic<T>(sink.CreateWriter()), ports, outbox);
}

/// <summary>The writers of a two-phase sink, as many as the operator before it has subtasks.</summary>
internal sealed class TwoPhaseWriterVertex<T, TCommittable>(
    string name, ITwoPhaseSink<T, TCommittable> sink, IReadOnlyList<Vertex> upstream)
    : Vertex<SinkCommittable<TCommittable>>(name)
{
    public override int ParallelismFor(Func<string, int> parallelism) => WidestOf(upstream, parallelism);

    protected override SubtaskRuntime CreateRuntime(
        SubtaskWiring wiring, Collector<SinkCommittable<TCommittable>> output, IReadOnlyList<OutputPort> ports,
        Outbox outbox) =>
        new(
            wiring.Address,
            wiring.InputCount,
            new TwoPhaseWriterLogic<T, TCommittable>(sink.CreateWriter(), wiring.Address.Index, output),
            ports,
            outbox);
}

/// <summary>The committer of a two-phase sink: one subtask.</summary>
internal sealed class CommitterVertex<T, TCommittable>(
    string name, ITwoPhaseSink<T, TCommittable> sink) : Vertex<Nothing>(name)
{
    public override int ParallelismFor(Func<string, int> parallelism) => 1;

    protected override SubtaskRuntime CreateRuntime(
        SubtaskWiring wiring, Collector<Nothing> output, IReadOnlyList<OutputPort> ports, Outbox outbox) =>
        new(
            wiring.Address,
            wiring.InputCount,
            new CommitterLogic<TCommittable>(sink.CreateCommitter(), sink.CommittableSerializer),
            ports,
            outbox);
}

/// <summary>A committable on its way to the committer.</summary>
/// <param name="Subtask">Who prepared it.</param>
/// <param name="Value">What names the transaction.</param>
internal readonly record struct SinkCommittable<T>(int Subtask, T Value);
