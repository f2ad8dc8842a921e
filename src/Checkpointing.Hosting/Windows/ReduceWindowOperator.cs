using Checkpointing.Hosting.Operators;
using Checkpointing.State;

namespace Checkpointing.Hosting.Windows;

/// <summary>Folds the records of each key and window into one of their type.</summary>
internal sealed class ReduceWindowOperator<TKey, T, TOut>(
    WindowSettings<T> settings, ReducingStateDescriptor<T> descriptor, Func<TKey, TimeWindow, T, TOut> makeOutput)
    : WindowOperator<TKey, T, TOut>(settings)
    where TKey : notnull
{
    private ReducingState<T> _reduced = null!;

    public override IReadOnlyList<StateDescriptor> States => [descriptor];

    public override void Open(KeyedOperatorContext<TKey> context) => _reduced = context.GetState(descriptor);

    protected override void Add(T value) => _reduced.Add(value);

    protected override void Emit(TKey key, TimeWindow window, Emitter<TOut> output)
    {
        if (_reduced.TryGet(out var reduced))
        {
            output.Emit(makeOutput(key, window, reduced), window.LastTime);
        }
    }

    protected override void Clear() => _reduced.Clear();
}
