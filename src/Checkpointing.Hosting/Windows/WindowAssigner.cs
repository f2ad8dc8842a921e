using Checkpointing.State;

namespace Checkpointing.Hosting.Windows;

/// <summary>Says which windows of time a record lies in.</summary>
/// <remarks>Immutable: <see cref="TumblingWindows"/> and <see cref="SlidingWindows"/>.</remarks>
public abstract class WindowAssigner
{
    private protected WindowAssigner(TimeSpan step, TimeSpan offset, TimeDomain domain)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(step, TimeSpan.FromMilliseconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(offset.Duration(), step, nameof(offset));
        StepMs = (long)step.TotalMilliseconds;
        OffsetMs = (long)offset.TotalMilliseconds;
        Domain = domain;
    }

    /// <summary>Whose time it is: the records' own, or that of the process when they are handled.</summary>
    public TimeDomain Domain { get; }

    /// <summary>From the start of a window to the start of the next one.</summary>
    private protected long StepMs { get; }

    /// <summary>Shift of all starts.</summary>
    private protected long OffsetMs { get; }

    /// <summary>The windows that a time lies in, the earliest first.</summary>
    public IReadOnlyList<TimeWindow> WindowsOf(Timestamp time)
    {
        List<TimeWindow> windows = [];
        AddWindowsOf(time, windows);
        return windows;
    }

    /// <summary>Appends the windows that a time lies in, the earliest first.</summary>
    internal abstract void AddWindowsOf(Timestamp time, List<TimeWindow> target);

    /// <summary>The latest start at or before a time.</summary>
    private protected long StartBefore(Timestamp time)
    {
        var rest = (time.Milliseconds - OffsetMs) % StepMs;
        return time.Milliseconds - (rest < 0 ? rest + StepMs : rest);
    }
}
