using Checkpointing.Hosting.Operators;
using Checkpointing.State;

namespace Checkpointing.Hosting.Windows;

/// <summary>Keeps something for each key and window in the window's namespace, and gives it out when the watermark has
/// passed the window's end.</summary>
internal abstract class WindowOperator<TKey, TIn, TOut>(TumblingWindows windows) : KeyedOperator<TKey, TIn, TOut>
    where TKey : notnull
{
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
            Add(value);
            context.Timers.RegisterEventTime(window.LastTime);
        }
    }

    public override void OnTimer(StateTimer timer, KeyedElementContext<TKey> context, Emitter<TOut> output)
    {
        Emit(context.Key, TimeWindow.Serializer.Read(timer.Namespace.Span), output);
        Clear();
    }

    /// <summary>Takes a record into the present window.</summary>
    protected abstract void Add(TIn value);

    /// <summary>Gives out what the present window holds, if it holds anything.</summary>
    protected abstract void Emit(TKey key, TimeWindow window, Emitter<TOut> output);

    /// <summary>Forgets what the present window holds.</summary>
    protected abstract void Clear();
}
