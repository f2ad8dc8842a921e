using Checkpointing.Hosting.Operators;
using Checkpointing.State;

namespace Checkpointing.Hosting.Windows;

/// <summary>Keeps something for each key and window in the window's namespace, and gives it out when time has passed
/// the window's end.</summary>
/// <remarks>
/// <para>Event time, with W the watermark, L the last millisecond of a window and A the allowed lateness. A record is
/// taken by each of its windows for which W &lt; L + A. If W &lt; L there, the window fires when the watermark reaches
/// L; else it has fired already, and fires again at once, with all it holds. When the watermark reaches L + A the
/// window is forgotten. A record that none of its windows takes is late.</para>
/// <para>Processing time: a window fires once, when the clock is at its end or the input has ended, and is
/// forgotten.</para>
/// </remarks>
internal abstract class WindowOperator<TKey, TIn, TOut>(WindowSettings<TIn> settings) : KeyedOperator<TKey, TIn, TOut>
    where TKey : notnull
{
    private readonly List<TimeWindow> _windows = [];

    public override void Process(TIn value, KeyedElementContext<TKey> context, Emitter<TOut> output)
    {
        _windows.Clear();
        if (settings.IsEventTime)
        {
            settings.Assigner.AddWindowsOf(EventTimeOf(context), _windows);
            ProcessEventTime(value, context, output);
        }
        else
        {
            settings.Assigner.AddWindowsOf(context.ProcessingTime, _windows);
            ProcessProcessingTime(value, context);
        }
    }

    public override void OnTimer(StateTimer timer, KeyedElementContext<TKey> context, Emitter<TOut> output)
    {
        var window = TimeWindow.Serializer.Read(timer.Namespace.Span);
        if (!settings.IsEventTime)
        {
            Emit(context.Key, window, output);
            Clear();
            context.Timers.DeleteProcessingTime(window.End);
            context.Timers.DeleteEventTime(Timestamp.MaxValue);
            return;
        }

        if (timer.Time == window.LastTime)
        {
            Emit(context.Key, window, output);
        }

        if (timer.Time >= settings.LastTimeKept(window))
        {
            Clear();
        }
    }

    /// <summary>Takes a record into the present window.</summary>
    protected abstract void Add(TIn value);

    /// <summary>Gives out what the present window holds, if it holds anything.</summary>
    protected abstract void Emit(TKey key, TimeWindow window, Emitter<TOut> output);

    /// <summary>Forgets what the present window holds.</summary>
    protected abstract void Clear();

    private static Timestamp EventTimeOf(KeyedElementContext<TKey> context) =>
        context.Time != Timestamp.MinValue ? context.Time : throw new InvalidOperationException(
            "A record without event time came to a window of event time. Give the source "
            + $"{nameof(SourceStream<>.WithEventTime)}, or take windows of processing time.");

    private void ProcessEventTime(TIn value, KeyedElementContext<TKey> context, Emitter<TOut> output)
    {
        var isLate = _windows.Count > 0;
        foreach (var window in _windows)
        {
            var lastTimeKept = settings.LastTimeKept(window);
            if (lastTimeKept <= context.Watermark)
            {
                continue;
            }

            isLate = false;
            using (context.EnterNamespace(window))
            {
                Add(value);
                context.Timers.RegisterEventTime(lastTimeKept);
                if (window.LastTime > context.Watermark)
                {
                    context.Timers.RegisterEventTime(window.LastTime);
                }
                else
                {
                    Emit(context.Key, window, output);
                }
            }
        }

        if (isLate)
        {
            TakeLate(value, context, output);
        }
    }

    private void ProcessProcessingTime(TIn value, KeyedElementContext<TKey> context)
    {
        foreach (var window in _windows)
        {
            using (context.EnterNamespace(window))
            {
                Add(value);
                context.Timers.RegisterProcessingTime(window.End);
                context.Timers.RegisterEventTime(Timestamp.MaxValue);
            }
        }
    }

    private void TakeLate(TIn value, KeyedElementContext<TKey> context, Emitter<TOut> output)
    {
        if (settings.LateOutput is { } tag)
        {
            output.Emit(tag, value);
        }
        else
        {
            context.CountLate();
        }
    }
}
