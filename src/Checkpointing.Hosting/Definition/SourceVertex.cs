using Checkpointing.Hosting.Runtime;
using Checkpointing.Hosting.Sources;
using Checkpointing.State;

namespace Checkpointing.Hosting.Definition;

/// <summary>How event time is made.</summary>
internal sealed record EventTime<T>(Func<T, Timestamp> Extract, long MaxOutOfOrdernessMs, int RecordsPerWatermark);

/// <summary>A source: one subtask, or, if its readers share the input, at the job's parallelism.</summary>
internal sealed class SourceVertex<T>(string name, ISource<T> source) : Vertex<T>(name)
{
    public override bool IsSource => true;

    public EventTime<T>? EventTime { get; set; }

    /// <summary>How long nothing has to be there for the source to hold event time back no more; null: it always
    /// does.</summary>
    public TimeSpan? IdleAfter { get; set; }

    public override bool MayGrow => source.MayGrow;

    public override bool HasOwnParallelism => source.IsParallel;

    public override int ParallelismFor(Func<string, int> parallelism) => source.IsParallel ? parallelism(Name) : 1;

    protected override SubtaskRuntime CreateRuntime(
        SubtaskWiring wiring, Collector<T> output, IReadOnlyList<OutputPort> ports, Outbox outbox) =>
        new SourceRuntime(
            wiring.Address, new SourceLogic<T>(source.CreateReader(), source.PauseAfter, EventTime, output), ports,
            outbox, IdleAfter);
}
