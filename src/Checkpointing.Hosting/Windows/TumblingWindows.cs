using Checkpointing.State;

namespace Checkpointing.Hosting.Windows;

/// <summary>Windows of one size that follow each other without gap or overlap.</summary>
public sealed class TumblingWindows : WindowAssigner
{
    private TumblingWindows(TimeSpan size, TimeSpan offset, TimeDomain domain)
        : base(size, offset, domain)
    {
    }

    /// <summary>Windows of event time that start at multiples of their size since 1970-01-01 UTC.</summary>
    /// <param name="size">At least 1 ms; whole milliseconds.</param>
    /// <param name="offset">Shifts all starts, for example to local midnight; less than the size.</param>
    public static TumblingWindows Of(TimeSpan size, TimeSpan offset = default) =>
        new(size, offset, TimeDomain.EventTime);

    /// <summary>Windows of processing time: a record lies in the window in which it is handled. The result goes out
    /// when the process's clock is at the window's end, and at the end of the input.</summary>
    /// <param name="size">At least 1 ms; whole milliseconds.</param>
    /// <param name="offset">Shifts all starts, for example to local midnight; less than the size.</param>
    public static TumblingWindows OfProcessingTime(TimeSpan size, TimeSpan offset = default) =>
        new(size, offset, TimeDomain.ProcessingTime);

    /// <summary>The window that a time lies in.</summary>
    public TimeWindow WindowOf(Timestamp time)
    {
        var start = StartBefore(time);
        return TimeWindow.Of(start, StepMs);
    }

    internal override void AddWindowsOf(Timestamp time, List<TimeWindow> target) => target.Add(WindowOf(time));
}
