using Checkpointing.Hosting.Operators;
using Checkpointing.State;

namespace Checkpointing.Hosting.Windows;

/// <summary>Folds the records of each key and window into an accumulator that is kept in the window's
/// namespace.</summary>
internal sealed class WindowOperator<TKey, TIn, TAccumulator, TResult, TOut>(
    TumblingWindows windows,
    Aggregator<TIn, TAccumulator, TResult> aggregator,
    StateSerializer<TAccumulator>? serializer,
    Func<TKey, TimeWindow, TResult, TOut> makeOutput) : KeyedOperator<TKey, TIn, TOut>
    where TKey : notnull
{
    private readonly AggregatingStateDescriptor<TIn, TAccumulator, TResult> _descriptor =
        new("window", aggregator, serializer) { Namespace = TimeWindow.Serializer };

    private AggregatingState<TIn, TAccumulator, TResult> _accumulator = null!;

    public override IReadOnlyList<StateDescriptor> States => [_descriptor];

    public override void Open(KeyedOperatorContext<TKey> context) => _accumulator = context.GetState(_descriptor);

    public override void Process(TIn value, KeyedElementContext<TKey> context, Emitter<TOut> output)
    {
        var window = windows.WindowOf(context.Time);
        if (window.LastTime <= context.Watermark)
        {
            context.CountLate();
            return;
        }

        using (context.EnterNamespace(window))
        {
            _accumulator.Add(value);
            context.Timers.RegisterEventTime(window.LastTime);
        }
    }

    public override void OnTimer(StateTimer timer, KeyedElementContext<TKey> context, Emitter<TOut> output)
    {
        if (_accumulator.TryGet(out var result))
        {
            _accumulator.Clear();
            output.Emit(makeOutput(context.Key, TimeWindow.Serializer.Read(timer.Namespace.Span), result));
        }
    }
}
