using Checkpointing.Hosting.Definition;
using Checkpointing.Hosting.Operators;
using Checkpointing.State;

namespace Checkpointing.Hosting.Runtime;

/// <summary>Runs a keyed operator with two inputs.</summary>
internal sealed class TwoInputKeyedLogic<TKey, TFirst, TSecond, TOut>(
    KeyedTwoInputOperator<TKey, TFirst, TSecond, TOut> user, Func<TFirst, TKey> firstKey, Func<TSecond, TKey> secondKey,
    StateSerializer<TKey> keySerializer, IReadOnlyList<InputSide> sides, Emitter<TOut> emitter)
    : KeyedLogic<TKey, TOut>(user, keySerializer, emitter)
    where TKey : notnull
{
    public override void Process(StreamElement batch, int input)
    {
        if (sides[input] == InputSide.First)
        {
            ProcessFirst((RecordBatch<TFirst>)batch);
        }
        else
        {
            ProcessSecond((RecordBatch<TSecond>)batch);
        }
    }

    private void ProcessFirst(RecordBatch<TFirst> records)
    {
        for (var i = 0; i < records.Count; i++)
        {
            var value = records.Values[i];
            using (Enter(firstKey(value), records.Times[i]))
            {
                user.ProcessFirst(value, Context, Emitter);
            }
        }
    }

    private void ProcessSecond(RecordBatch<TSecond> records)
    {
        for (var i = 0; i < records.Count; i++)
        {
            var value = records.Values[i];
            using (Enter(secondKey(value), records.Times[i]))
            {
                user.ProcessSecond(value, Context, Emitter);
            }
        }
    }
}
