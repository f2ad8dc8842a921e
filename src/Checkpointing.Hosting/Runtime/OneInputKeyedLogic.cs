using Checkpointing.Hosting.Operators;
using Checkpointing.State;

namespace Checkpointing.Hosting.Runtime;

/// <summary>Runs a keyed operator with one input.</summary>
internal sealed class OneInputKeyedLogic<TKey, TIn, TOut>(
    KeyedOperator<TKey, TIn, TOut> user, Func<TIn, TKey> keySelector, StateSerializer<TKey> keySerializer,
    Emitter<TOut> emitter)
    : KeyedLogic<TKey, TOut>(user, keySerializer, emitter)
    where TKey : notnull
{
    public override void Process(StreamElement batch, int input)
    {
        var records = (RecordBatch<TIn>)batch;
        var values = records.Values;
        var times = records.Times;
        for (var i = 0; i < values.Length; i++)
        {
            using (Enter(keySelector(values[i]), times[i]))
            {
                user.Process(values[i], Context, Emitter);
            }
        }
    }
}
