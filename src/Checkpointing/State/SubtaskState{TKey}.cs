using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>All state of one subtask of a keyed operator.</summary>
public sealed class SubtaskState<TKey> : SubtaskState
    where TKey : notnull
{
    private readonly KeyedTimers<TKey>? _timers;
    private readonly string _operatorName;

    internal SubtaskState(
        SubtaskStateContext context, OperatorState operatorState, IReadOnlyList<StateDescription> descriptions,
        CurrentKey current, KeyedStateBackend? backend, KeyedState<TKey> keyed, KeyedTimers<TKey>? timers)
        : base(context, operatorState, descriptions, current, backend)
    {
        (Keyed, _timers, _operatorName) = (keyed, timers, context.Operator);
    }

    /// <summary>State by key.</summary>
    public KeyedState<TKey> Keyed { get; }

    /// <summary>Event-time timers, kept as state.</summary>
    /// <exception cref="InvalidOperationException">The state was opened without
    /// <see cref="SubtaskStateContext.UsesTimers"/>.</exception>
    public KeyedTimers<TKey> Timers => _timers ?? throw new InvalidOperationException(
        $"Operator '{_operatorName}' was opened without timers; set {nameof(SubtaskStateContext.UsesTimers)}.");
}
