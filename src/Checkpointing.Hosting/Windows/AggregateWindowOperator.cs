using Checkpointing.Hosting.Operators;
using Checkpointing.State;

namespace Checkpointing.Hosting.Windows;

/// <summary>Folds the records of each key and window into an accumulator.</summary>
internal sealed class AggregateWindowOperator<TKey, TIn, TAccumulator, TResult, TOut>(
    WindowSettings<TIn> settings,
    AggregatingStateDescriptor<TIn, TAccumulator, TResult> descriptor,
    Func<TKey, TimeWindow, TResult, TOut> makeOutput) : WindowOperator<TKey, TIn, TOut>(settings)
    where TKey : notnull
{
    private AggregatingState<TIn, TAccumulator, TResult> _accumulator = null!;

    public override IReadOnlyList<StateDescriptor> States => [descriptor];

    public override void Open(KeyedOperatorContext<TKey> context) => _accumulator = context.GetState(descriptor);

    protected override void Add(TIn value) => _accumulator.Add(value);

    protected override void Emit(TKey key, TimeWindow window, Emitter<TOut> output)
    {
        if (_accumulator.TryGet(out var result))
        {
            output.Emit(makeOutput(key, window, result), window.LastTime);
        }
    }

    protected override void Clear() => _accumulator.Clear();
}
