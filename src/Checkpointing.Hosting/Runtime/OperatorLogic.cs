using Checkpointing.Hosting.Operators;
using Checkpointing.State;

namespace Checkpointing.Hosting.Runtime;

/// <summary>Runs an operator without keys.</summary>
internal sealed class OperatorLogic<TIn, TOut>(StreamOperator<TIn, TOut> user, Emitter<TOut> emitter)
    : StatefulLogic<SubtaskState>
{
    private readonly ElementContext _context = new();

    public override DeclaredStates Declared => new(user.States);

    public override void Process(StreamElement batch, int input)
    {
        var records = (RecordBatch<TIn>)batch;
        for (var i = 0; i < records.Count; i++)
        {
            _context.Time = emitter.Time = records.Times[i];
            user.Process(records.Values[i], _context, emitter);
        }
    }

    public override bool TryAdvanceTo(Timestamp watermark)
    {
        _context.Watermark = emitter.Time = watermark;
        user.OnWatermark(watermark, emitter);
        return true;
    }

    public override void BeforeBarrier(CheckpointId checkpoint) => user.SnapshotState(emitter);

    protected override ValueTask<SubtaskState> OpenStateAsync(
        SubtaskContext context, CancellationToken cancellationToken) =>
        SubtaskState.OpenAsync(context.State with { States = user.States }, cancellationToken);

    protected override void Open(SubtaskContext context) => user.Open(new(context, State.Operator));

    protected override void DisposeUserCode() => (user as IDisposable)?.Dispose();
}
