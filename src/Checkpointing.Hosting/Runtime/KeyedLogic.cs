using Checkpointing.Hosting.Operators;
using Checkpointing.State;

namespace Checkpointing.Hosting.Runtime;

/// <summary>Runs a keyed operator: opens the scope of each record's key, and fires timers.</summary>
internal sealed class KeyedLogic<TKey, TIn, TOut>(
    KeyedOperator<TKey, TIn, TOut> user, Func<TIn, TKey> keySelector, StateSerializer<TKey> keySerializer,
    Collector<TOut> output)
    : StatefulLogic<SubtaskState<TKey>>
    where TKey : notnull
{
    private const int MaxTimersPerCall = 256;

    private readonly Emitter<TOut> _emitter = new(output);
    private KeyedElementContext<TKey> _context = null!;

    public override DeclaredStates Declared => new(user.States, keySerializer, user.UsesTimers);

    public override void Process(StreamElement batch)
    {
        var records = (RecordBatch<TIn>)batch;
        var values = records.Values;
        var times = records.Times;
        for (var i = 0; i < values.Length; i++)
        {
            var key = keySelector(values[i]);
            _context.Key = key;
            _context.Time = _emitter.Time = times[i];
            using (State.Keyed.EnterKey(key))
            {
                user.Process(values[i], _context, _emitter);
            }
        }
    }

    public override bool TryAdvanceTo(Timestamp watermark)
    {
        // Timers of times up to the new watermark fire while the old one still stands for "late": what a timer emits or
        // registers at the new watermark is not late.
        for (var fired = 0; fired < MaxTimersPerCall; fired++)
        {
            if (!user.UsesTimers || !State.Timers.TryTakeDue(watermark, out var timer))
            {
                _context.Watermark = watermark;
                return true;
            }

            _context.Key = timer.Key;
            _context.Time = _emitter.Time = timer.Time;
            using (State.Keyed.EnterKey(timer.Key))
            {
                OnTimer(new(timer.Time, timer.Namespace));
            }
        }

        return false;
    }

    protected override ValueTask<SubtaskState<TKey>> OpenStateAsync(
        SubtaskContext context, CancellationToken cancellationToken) =>
        SubtaskState.OpenAsync(
            context.State with { States = user.States, UsesTimers = user.UsesTimers, Range = context.KeyGroups },
            keySerializer,
            cancellationToken);

    protected override void Open(SubtaskContext context)
    {
        _context = new(State, context.Counters);
        user.Open(new(context, State));
    }

    protected override void DisposeUserCode() => (user as IDisposable)?.Dispose();

    private void OnTimer(StateTimer timer)
    {
        if (timer.Namespace.IsEmpty)
        {
            user.OnTimer(timer, _context, _emitter);
            return;
        }

        using (State.Keyed.EnterStoredNamespace(timer.Namespace.Span))
        {
            user.OnTimer(timer, _context, _emitter);
        }
    }
}
