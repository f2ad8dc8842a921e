using Checkpointing.Hosting.Definition;
using Checkpointing.Hosting.Sinks;
using Checkpointing.State;

namespace Checkpointing.Hosting.Runtime;

/// <summary>What all subtasks of sinks have in common: operator state only.</summary>
internal abstract class SinkLogicBase : StatefulLogic<SubtaskState>
{
    public sealed override DeclaredStates Declared => new(States);

    protected virtual IReadOnlyList<StateDescriptor> States => [];

    protected override ValueTask<SubtaskState> OpenStateAsync(
        SubtaskContext context, CancellationToken cancellationToken) =>
        SubtaskState.OpenAsync(context.State with { States = States }, cancellationToken);
}

/// <summary>Runs a writer that writes at once.</summary>
internal sealed class SinkLogic<T>(SinkWriter<T> writer) : SinkLogicBase
{
    public override void Process(StreamElement batch, int input)
    {
        var records = (RecordBatch<T>)batch;
        for (var i = 0; i < records.Count; i++)
        {
            writer.Write(records.Values[i], records.Times[i]);
        }
    }

    public override void BeforeBarrier(CheckpointId checkpoint) => writer.Flush();

    protected override void Open(SubtaskContext context) => writer.Open(new(context, State.Operator));

    protected override void DisposeUserCode() => writer.Dispose();
}

/// <summary>Runs a writer of a two-phase sink: hands its transactions over before the barrier.</summary>
internal sealed class TwoPhaseWriterLogic<T, TCommittable>(
    TwoPhaseWriter<T, TCommittable> writer, int index, Collector<SinkCommittable<TCommittable>> output) : SinkLogicBase
{
    public override void Process(StreamElement batch, int input)
    {
        var records = (RecordBatch<T>)batch;
        for (var i = 0; i < records.Count; i++)
        {
            writer.Write(records.Values[i], records.Times[i]);
        }
    }

    public override void BeforeBarrier(CheckpointId checkpoint)
    {
        foreach (var committable in writer.Prepare(checkpoint))
        {
            output.Collect(new(index, committable), Timestamp.MinValue);
        }
    }

    protected override void Open(SubtaskContext context) => writer.Open(new(context, State.Operator));

    protected override void DisposeUserCode() => writer.Dispose();
}

/// <summary>Keeps committables by checkpoint, and commits them when it has completed.</summary>
internal sealed class CommitterLogic<TCommittable>(
    SinkCommitter<TCommittable> committer, StateSerializer<TCommittable> serializer) : SinkLogicBase
{
    private readonly OperatorListStateDescriptor<(long Checkpoint, TCommittable Value)> _descriptor =
        new("pending-transactions", StateSerializer.Tuple(StateSerializer.Int64, serializer));

    private readonly List<(long Checkpoint, TCommittable Value)> _pending = [];
    private readonly List<SinkCommittable<TCommittable>> _received = [];
    private SinkContext _context = null!;
    private OperatorListState<(long Checkpoint, TCommittable Value)> _state = null!;
    private Func<bool> _mayCommit = null!;

    protected override IReadOnlyList<StateDescriptor> States => [_descriptor, .. committer.States];

    public override bool HasCommitted => _pending.Count == 0;

    public override void Begin() => committer.Open(_context, Restored());

    public override void Process(StreamElement batch, int input) =>
        _received.AddRange(((RecordBatch<SinkCommittable<TCommittable>>)batch).Values);

    public override void BeforeBarrier(CheckpointId checkpoint)
    {
        // In the order of subtasks, whatever the order of arrival: so committing again puts the same bytes to the same
        // places.
        _pending.AddRange(_received.OrderBy(static committable => committable.Subtask)
            .Select(committable => (checkpoint.Value, committable.Value)));
        _received.Clear();
        _state.Replace(_pending);
        committer.SnapshotState();
    }

    public override void NotifyCompleted(CheckpointId checkpoint)
    {
        base.NotifyCompleted(checkpoint);
        var count = _pending.TakeWhile(pending => pending.Checkpoint <= checkpoint.Value).Count();
        if (count > 0 && _mayCommit())
        {
            committer.Commit([.. _pending.Take(count).Select(static pending => pending.Value)]);
            _pending.RemoveRange(0, count);
        }
    }

    protected override void Open(SubtaskContext context)
    {
        _mayCommit = context.MayCommit;
        _state = State.Operator.GetState(_descriptor);
        _context = new(context, State.Operator);
        committer.Check(_context, Restored());
    }

    protected override void DisposeUserCode() => committer.Dispose();

    private List<TCommittable> Restored() => [.. _state.Items.Select(static pending => pending.Value)];
}
