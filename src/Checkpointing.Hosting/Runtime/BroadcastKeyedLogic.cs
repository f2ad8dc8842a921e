using Checkpointing.Hosting.Definition;
using Checkpointing.Hosting.Operators;
using Checkpointing.State;

namespace Checkpointing.Hosting.Runtime;

/// <summary>Runs a keyed operator whose second input all subtasks get.</summary>
internal sealed class BroadcastKeyedLogic<TKey, TIn, TBroadcast, TOut>(
    KeyedBroadcastOperator<TKey, TIn, TBroadcast, TOut> user, Func<TIn, TKey> keySelector,
    StateSerializer<TKey> keySerializer, IReadOnlyList<InputSide> sides, Emitter<TOut> emitter)
    : KeyedLogic<TKey, TOut>(user, keySerializer, emitter)
    where TKey : notnull
{
    private BroadcastElementContext _broadcast = null!;

    public override void Process(StreamElement batch, int input)
    {
        if (sides[input] == InputSide.First)
        {
            ProcessKeyed((RecordBatch<TIn>)batch);
        }
        else
        {
            ProcessBroadcast((RecordBatch<TBroadcast>)batch);
        }
    }

    protected override void Open(SubtaskContext context)
    {
        _broadcast = new(State.Operator);
        base.Open(context);
    }

    private void ProcessKeyed(RecordBatch<TIn> records)
    {
        for (var i = 0; i < records.Count; i++)
        {
            var value = records.Values[i];
            using (Enter(keySelector(value), records.Times[i]))
            {
                user.Process(value, Context, Emitter);
            }
        }
    }

    private void ProcessBroadcast(RecordBatch<TBroadcast> records)
    {
        _broadcast.Watermark = Context.Watermark;
        for (var i = 0; i < records.Count; i++)
        {
            _broadcast.Time = Emitter.Time = records.Times[i];
            user.ProcessBroadcast(records.Values[i], _broadcast, Emitter);
        }
    }
}
