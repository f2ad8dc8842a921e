using Checkpointing.Hosting.Operators;
using Checkpointing.State;

namespace Checkpointing.Hosting.Runtime;

/// <summary>Runs a keyed operator: opens the scope of each record's key, fires timers, keeps the watermark as
/// state.</summary>
/// <remarks>The watermark belongs to the state that it has closed windows of: with it, a record that was late before a
/// restore is late after it, also before the first watermark has come over all inputs again. The end of the input is no
/// time: what is stored after it is the last watermark before, so that a longer input can go on.</remarks>
internal abstract class KeyedLogic<TKey, TOut>(
    KeyedOperatorBase<TKey, TOut> user, StateSerializer<TKey> keySerializer, Emitter<TOut> emitter)
    : StatefulLogic<SubtaskState<TKey>>
    where TKey : notnull
{
    private const int MaxTimersPerCall = 256;

    private static readonly OperatorListStateDescriptor<Timestamp> WatermarkState =
        new("_watermark") { Redistribution = StateRedistribution.Union };

    private static readonly OperatorListStateDescriptor<Timestamp> EndedState =
        new("_ended-watermark") { Redistribution = StateRedistribution.Union };

    private OperatorListState<Timestamp>? _watermark;
    private OperatorListState<Timestamp>? _ended;
    private Timestamp _restoredWatermark = Timestamp.MinValue;
    private Timestamp _lastBeforeEnd = Timestamp.MinValue;

    public sealed override DeclaredStates Declared => new(States, keySerializer, user.UsesTimers);

    public sealed override Timestamp RestoredWatermark => _restoredWatermark;

    public sealed override Timestamp? NextProcessingTime => user.UsesTimers ? State.Timers.NextProcessingTime : null;

    protected KeyedElementContext<TKey> Context { get; private set; } = null!;

    protected Emitter<TOut> Emitter => emitter;

    private IReadOnlyList<StateDescriptor> States =>
        user.UsesTimers ? [.. user.States, WatermarkState, EndedState] : user.States;

    public sealed override bool TryAdvanceTo(Timestamp watermark)
    {
        // Timers of times up to the new watermark fire while the old one still stands for "late": what a timer emits or
        // registers at the new watermark is not late.
        for (var fired = 0; fired < MaxTimersPerCall; fired++)
        {
            if (!user.UsesTimers || !State.Timers.TryTakeDue(watermark, out var timer))
            {
                Context.Watermark = watermark;
                _lastBeforeEnd = watermark == Timestamp.MaxValue ? _lastBeforeEnd : watermark;
                return true;
            }

            Fire(timer, TimeDomain.EventTime);
        }

        return false;
    }

    public sealed override bool TryAdvanceProcessingTimeTo(Timestamp now)
    {
        Context.AdvanceProcessingTime(now);
        for (var fired = 0; fired < MaxTimersPerCall; fired++)
        {
            if (!user.UsesTimers || !State.Timers.TryTakeDueProcessingTime(now, out var timer))
            {
                return true;
            }

            Fire(timer, TimeDomain.ProcessingTime);
        }

        return false;
    }

    public sealed override void BeforeBarrier(CheckpointId checkpoint)
    {
        user.SnapshotState();
        _watermark?.Replace([_lastBeforeEnd]);
        _ended?.Replace(LastOfEndedInputs == Timestamp.MinValue ? [] : [LastOfEndedInputs]);
    }

    protected sealed override ValueTask<SubtaskState<TKey>> OpenStateAsync(
        SubtaskContext context, CancellationToken cancellationToken) =>
        SubtaskState.OpenAsync(
            context.State with
            {
                States = States,
                UsesTimers = user.UsesTimers,
                Range = context.KeyGroups,
            },
            keySerializer,
            cancellationToken);

    protected override void Open(SubtaskContext context)
    {
        Context = new(State, context.Counters, context.State.Time);
        if (user.UsesTimers)
        {
            // All subtasks had the same one when the barrier came; if not, the least loses nothing.
            _watermark = State.Operator.GetState(WatermarkState);
            Context.Watermark = _lastBeforeEnd = _restoredWatermark =
                _watermark.Items.Count == 0 ? Timestamp.MinValue : _watermark.Items.Min();
            _ended = State.Operator.GetState(EndedState);
            LastOfEndedInputs = _ended.Items.Count == 0 ? Timestamp.MinValue : _ended.Items.Max();
        }

        user.Open(new(context, State));
    }

    protected sealed override void DisposeUserCode() => (user as IDisposable)?.Dispose();

    /// <summary>Makes a record the one that is handled, and opens the scope of its key.</summary>
    protected KeyScope Enter(TKey key, Timestamp time)
    {
        Context.Key = key;
        Context.Time = emitter.Time = time;
        return State.Keyed.EnterKey(key);
    }

    private void Fire(DueTimer<TKey> due, TimeDomain domain)
    {
        StateTimer timer = new(due.Time, due.Namespace) { Domain = domain };
        using (Enter(due.Key, due.Time))
        {
            if (due.Namespace.IsEmpty)
            {
                user.OnTimer(timer, Context, emitter);
                return;
            }

            using (State.Keyed.EnterStoredNamespace(due.Namespace.Span))
            {
                user.OnTimer(timer, Context, emitter);
            }
        }
    }
}
