namespace Checkpointing.Storage;

/// <summary>A limit on bytes a second that everybody shares who is given it: a token bucket.</summary>
/// <remarks>What was not used for a tenth of a second is lost, so a pause is followed by a burst of at most so much.
/// Who comes first goes first. Safe for concurrent calls.</remarks>
public sealed class ByteRateLimit
{
    private static readonly TimeSpan Burst = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly long _start;
    private TimeSpan _paidUntil;

    /// <summary>Makes a limit.</summary>
    /// <param name="bytesPerSecond">At least 1,024.</param>
    /// <param name="timeProvider">Time; null for the system's.</param>
    public ByteRateLimit(long bytesPerSecond, TimeProvider? timeProvider = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytesPerSecond, 1_024);
        BytesPerSecond = bytesPerSecond;
        _time = timeProvider ?? TimeProvider.System;
        _start = _time.GetTimestamp();
    }

    /// <summary>The limit.</summary>
    public long BytesPerSecond { get; }

    /// <summary>Waits for its turn, then counts the bytes: whoever comes next waits for them.</summary>
    /// <param name="bytes">Bytes about to be moved, or moved just now.</param>
    /// <param name="cancellationToken">Ends the wait; the bytes are counted all the same.</param>
    public ValueTask TakeAsync(long bytes, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        cancellationToken.ThrowIfCancellationRequested();
        TimeSpan wait;
        lock (_lock)
        {
            var now = _time.GetElapsedTime(_start);
            var from = _paidUntil > now - Burst ? _paidUntil : now - Burst;
            _paidUntil = from + TimeSpan.FromSeconds(bytes / (double)BytesPerSecond);
            wait = from - now;
        }

        return wait <= TimeSpan.Zero ? ValueTask.CompletedTask : new(Task.Delay(wait, _time, cancellationToken));
    }
}
