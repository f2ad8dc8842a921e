using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Runtime;
using Checkpointing.State;

namespace Checkpointing.Testing.Operators;

/// <summary>A record of any output, and the key of what was handled when it was emitted.</summary>
/// <param name="HasKey">Whether there was a key.</param>
/// <param name="Key">The key.</param>
/// <param name="Tag">Name of the side output; null: the main output.</param>
/// <param name="Type">Type of the output's records.</param>
/// <param name="Value">The record.</param>
/// <param name="Time">Its event time.</param>
internal sealed record Emission<TKey>(
    bool HasKey, TKey? Key, string? Tag, Type Type, object? Value, Timestamp Time);

/// <summary>All that the subtasks of an operator emit, in order.</summary>
internal sealed class OperatorOutput<TKey, TOut>
{
    private readonly List<EmittedRecord<TOut>> _main = [];
    private readonly List<Emission<TKey>> _all = [];

    /// <summary>Records of the main output.</summary>
    public IReadOnlyList<EmittedRecord<TOut>> Main => _main;

    /// <summary>Records of all outputs.</summary>
    public IReadOnlyList<Emission<TKey>> All => _all;

    public void Clear()
    {
        _main.Clear();
        _all.Clear();
    }

    public IReadOnlyList<EmittedRecord<T>> Side<T>(OutputTag<T> tag) =>
    [
        .. _all.Where(emission => emission.Tag == tag.Name && emission.Type == typeof(T))
            .Select(static emission => new EmittedRecord<T>((T)emission.Value!, emission.Time)),
    ];

    /// <summary>What a subtask emits by.</summary>
    public Emitter<TOut> NewEmitter(OperatorCall<TKey> call) =>
        new(new MainCollector(this, call), new Sides(this, call));

    private void Add<T>(OperatorCall<TKey> call, string? tag, T value, Timestamp time)
    {
        if (call.IsOpen)
        {
            _all.Add(new(call.HasKey, call.Key, tag, typeof(T), value, time));
        }
        else
        {
            call.AddStrayRecord();
        }
    }

    private sealed class MainCollector(OperatorOutput<TKey, TOut> owner, OperatorCall<TKey> call) : Collector<TOut>
    {
        public override void Collect(TOut value, Timestamp time)
        {
            owner.Add(call, null, value, time);
            if (call.IsOpen)
            {
                owner._main.Add(new(value, time));
            }
        }
    }

    private sealed class Sides(OperatorOutput<TKey, TOut> owner, OperatorCall<TKey> call) : SideOutputs
    {
        public override void Collect<T>(OutputTag<T> tag, T value, Timestamp time) =>
            owner.Add(call, tag.Name, value, time);
    }
}
