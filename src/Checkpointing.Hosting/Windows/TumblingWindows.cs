using Checkpointing.State;

namespace Checkpointing.Hosting.Windows;

/// <summary>Windows of one size that follow each other without gap or overlap.</summary>
public sealed class TumblingWindows
{
    private readonly long _sizeMs;
    private readonly long _offsetMs;

    private TumblingWindows(long sizeMs, long offsetMs)
    {
        _sizeMs = sizeMs;
        _offsetMs = offsetMs;
    }

    /// <summary>Windows that start at multiples of their size since 1970-01-01 UTC.</summary>
    /// <param name="size">At least 1 ms; whole milliseconds.</param>
    /// <param name="offset">Shifts all starts, for example to local midnight; less than the size.</param>
    public static TumblingWindows Of(TimeSpan size, TimeSpan offset = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, TimeSpan.FromMilliseconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(offset.Duration(), size);
        return new((long)size.TotalMilliseconds, (long)offset.TotalMilliseconds);
    }

    /// <summary>The window that a time lies in.</summary>
    public TimeWindow WindowOf(Timestamp time)
    {
        var rest = (time.Milliseconds - _offsetMs) % _sizeMs;
        var start = time.Milliseconds - (rest < 0 ? rest + _sizeMs : rest);
        return new(new(start), new(start + _sizeMs));
    }
}
