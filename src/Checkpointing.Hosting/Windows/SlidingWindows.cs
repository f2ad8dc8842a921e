using Checkpointing.State;

namespace Checkpointing.Hosting.Windows;

/// <summary>Windows of one size that start at a fixed distance from each other, so that they overlap.</summary>
/// <remarks>A record is kept in each of its windows: size ÷ slide of them. With a slide above the size there are gaps,
/// and records in a gap lie in no window.</remarks>
public sealed class SlidingWindows : WindowAssigner
{
    private readonly long _sizeMs;

    private SlidingWindows(TimeSpan size, TimeSpan slide, TimeSpan offset)
        : base(slide, offset, TimeDomain.EventTime)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, TimeSpan.FromMilliseconds(1));
        _sizeMs = (long)size.TotalMilliseconds;
    }

    /// <summary>Windows of event time that start at multiples of the slide since 1970-01-01 UTC.</summary>
    /// <param name="size">Length of a window, at least 1 ms; whole milliseconds.</param>
    /// <param name="slide">From one start to the next, at least 1 ms; whole milliseconds.</param>
    /// <param name="offset">Shifts all starts; less than the slide.</param>
    public static SlidingWindows Of(TimeSpan size, TimeSpan slide, TimeSpan offset = default) =>
        new(size, slide, offset);

    internal override void AddWindowsOf(Timestamp time, List<TimeWindow> target)
    {
        var latest = StartBefore(time);
        var count = (latest + _sizeMs - time.Milliseconds + StepMs - 1) / StepMs;
        for (var i = count - 1; i >= 0; i--)
        {
            target.Add(TimeWindow.Of(latest - (i * StepMs), _sizeMs));
        }
    }
}
