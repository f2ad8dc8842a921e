using Checkpointing.Hosting.Operators;
using Checkpointing.State;

namespace Checkpointing.Hosting.Windows;

/// <summary>Folds the records of each key and window into an accumulator.</summary>
internal sealed class AggregateWindowOperator<TKey, TIn, TAccumulator, TResult, TOut>(
    TumblingWindows windows,
    Aggregator<TIn, TAccumulator, TResult> aggregator,
    StateSerializer<TAccumulator>? serializer,
    Func<TKey, TimeWindow, TResult, TOut> makeOutput) : WindowOperator<TKey, TIn, TOut>(windows)
    where TKey : notnull
{
    private readonly AggregatingStateDescriptor<TIn, TAccumulator, TResult> _descriptor =
        new("window", aggregator, serializer) { Namespace = TimeWindow.Serializer };

    private AggregatingState<TIn, TAccumulator, TResult> _accumulator = null!;

    public override IReadOnlyList<StateDescriptor> States => [_descriptor];

    public override void Open(KeyedOperatorContext<TKey> context) => _accumulator = context.GetState(_descriptor);

    protected override void Add(TIn value) => _accumulator.Add(value);

    protected override void Emit(TKey key, TimeWindow window, Emitter<TOut> output)
    {
        if (_accumulator.TryGet(out var result))
        {
            output.Emit(makeOutput(key, window, result));
        }
    }

    protected override void Clear() => _accumulator.Clear();
}
