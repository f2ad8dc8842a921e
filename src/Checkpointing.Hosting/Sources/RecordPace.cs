namespace Checkpointing.Hosting.Sources;

/// <summary>How many records may be made: so many a second since it began.</summary>
/// <remarks>One caller at a time. The clock is read when what it allowed last is used up, not for each
/// record.</remarks>
internal sealed class RecordPace(TimeProvider time, double recordsPerSecond)
{
    // Shorter waits would only cost timers: what comes due meanwhile is made together.
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);

    private readonly long _start = time.GetTimestamp();
    private long _taken;
    private long _allowed;

    public bool MayTake()
    {
        if (double.IsPositiveInfinity(recordsPerSecond) || _taken < _allowed)
        {
            return true;
        }

        _allowed = (long)Math.Min(long.MaxValue / 2, Elapsed.TotalSeconds * recordsPerSecond);
        return _taken < _allowed;
    }

    public void Take() => _taken++;

    /// <summary>Waits until there may be another record.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        // At most an hour: a rate may be so low that no timer reaches so far.
        var seconds = ((_taken + 1) / recordsPerSecond) - Elapsed.TotalSeconds;
        var wait = TimeSpan.FromSeconds(Math.Clamp(seconds, ShortestWait.TotalSeconds, 3_600));
        await Task.Delay(wait, time, cancellationToken).ConfigureAwait(false);
    }

    private TimeSpan Elapsed => time.GetElapsedTime(_start);
}
