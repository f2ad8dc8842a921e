using Checkpointing.Hosting.Operators;
using Checkpointing.State;

namespace Checkpointing.Hosting.Windows;

/// <summary>Which windows, and what happens to late records.</summary>
/// <param name="Assigner">The windows.</param>
/// <param name="AllowedLatenessMs">How long after its end a window still takes records.</param>
/// <param name="LateOutput">Where records go that no window takes any more; null: they are dropped and
/// counted.</param>
internal sealed record WindowSettings<T>(
    WindowAssigner Assigner, long AllowedLatenessMs = 0, OutputTag<T>? LateOutput = null)
{
    public bool IsEventTime => Assigner.Domain == TimeDomain.EventTime;

    /// <summary>When the watermark is here the window is forgotten.</summary>
    public Timestamp LastTimeKept(TimeWindow window)
    {
        var last = window.LastTime.Milliseconds;
        return last > long.MaxValue - AllowedLatenessMs ? Timestamp.MaxValue : new(last + AllowedLatenessMs);
    }
}
