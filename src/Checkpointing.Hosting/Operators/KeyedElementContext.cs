using Checkpointing.Hosting.Runtime;
using Checkpointing.State;

namespace Checkpointing.Hosting.Operators;

/// <summary>The record or timer that a keyed operator is handling. Valid during the call only.</summary>
/// <typeparam name="TKey">Type of the key.</typeparam>
public sealed class KeyedElementContext<TKey>
    where TKey : notnull
{
    private readonly SubtaskState<TKey> _state;
    private readonly JobCounters _counters;
    private readonly TimeProvider _time;
    private Timestamp _processingTime = Timestamp.MinValue;

    internal KeyedElementContext(SubtaskState<TKey> state, JobCounters counters, TimeProvider time)
    {
        _state = state;
        _counters = counters;
        _time = time;
    }

    /// <summary>Its key; the key's scope is open.</summary>
    public TKey Key { get; internal set; } = default!;

    /// <summary>Its event time; <see cref="Timestamp.MinValue"/> in a job without event time.</summary>
    public Timestamp Time { get; internal set; } = Timestamp.MinValue;

    /// <summary>Event time here: nothing at or before it is still expected. It survives a restore, unless the operator
    /// uses no timers.</summary>
    public Timestamp Watermark { get; internal set; } = Timestamp.MinValue;

    /// <summary>The process's clock; within one attempt it never goes back.</summary>
    public Timestamp ProcessingTime
    {
        get
        {
            AdvanceProcessingTime(Timestamp.FromDateTime(_time.GetUtcNow().UtcDateTime));
            return _processingTime;
        }
    }

    /// <summary>Timers of the present key, and of the namespace that is entered.</summary>
    public KeyedTimers<TKey> Timers => _state.Timers;

    /// <summary>Makes a namespace, for example a window, current until the scope is disposed.</summary>
    public NamespaceScope EnterNamespace<TNamespace>(TNamespace value) => _state.Keyed.EnterNamespace(value);

    /// <summary>Counts a record that came too late to be used.</summary>
    public void CountLate() => _counters.AddLateElements(1);

    internal void AdvanceProcessingTime(Timestamp now) =>
        _processingTime = now > _processingTime ? now : _processingTime;
}
