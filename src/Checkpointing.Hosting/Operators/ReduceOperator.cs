using Checkpointing.State;

namespace Checkpointing.Hosting.Operators;

/// <summary>Folds the records of each key into one of their type, and gives it out at each record.</summary>
internal sealed class ReduceOperator<TKey, T>(Func<T, T, T> reduce, StateSerializer<T>? serializer)
    : KeyedOperator<TKey, T, T>
    where TKey : notnull
{
    private readonly ValueStateDescriptor<T> _descriptor = new("reduced", serializer);

    private ValueState<T> _reduced = null!;

    public override IReadOnlyList<StateDescriptor> States => [_descriptor];

    public override bool UsesTimers => false;

    public override void Open(KeyedOperatorContext<TKey> context) => _reduced = context.GetState(_descriptor);

    public override void Process(T value, KeyedElementContext<TKey> context, Emitter<T> output)
    {
        var reduced = _reduced.TryGet(out var sofar) ? reduce(sofar, value) : value;
        _reduced.Set(reduced);
        output.Emit(reduced);
    }
}
