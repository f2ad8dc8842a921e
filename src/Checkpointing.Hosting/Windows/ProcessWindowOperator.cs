using Checkpointing.Hosting.Operators;
using Checkpointing.State;

namespace Checkpointing.Hosting.Windows;

/// <summary>Keeps all records of each key and window.</summary>
internal sealed class ProcessWindowOperator<TKey, TIn, TOut>(
    WindowSettings<TIn> settings, ListStateDescriptor<TIn> descriptor, WindowFunction<TKey, TIn, TOut> function)
    : WindowOperator<TKey, TIn, TOut>(settings), IDisposable
    where TKey : notnull
{
    private ListState<TIn> _records = null!;

    public override IReadOnlyList<StateDescriptor> States => [descriptor];

    public override void Open(KeyedOperatorContext<TKey> context) => _records = context.GetState(descriptor);

    public void Dispose() => (function as IDisposable)?.Dispose();

    protected override void Add(TIn value) => _records.Add(value);

    protected override void Emit(TKey key, TimeWindow window, Emitter<TOut> output)
    {
        if (_records.ToList() is { Count: > 0 } records)
        {
            output.Time = window.LastTime;
            function.Process(key, window, records, output);
        }
    }

    protected override void Clear() => _records.Clear();
}
