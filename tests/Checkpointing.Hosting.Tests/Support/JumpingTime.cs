using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;

namespace Checkpointing.Hosting.Tests.Support;

/// <summary>Virtual time that jumps over every wait of at most so long, and writes such waits down. Longer ones, which
/// are limits and not pauses, never end.</summary>
internal sealed class JumpingTime(TimeSpan longest) : TimeProvider
{
    private readonly FakeTimeProvider _time = new();

    public ConcurrentQueue<TimeSpan> Waits { get; } = [];

    public override DateTimeOffset GetUtcNow() => _time.GetUtcNow();

    public override long GetTimestamp() => _time.GetTimestamp();

    public override long TimestampFrequency => _time.TimestampFrequency;

    public void Advance(TimeSpan by) => _time.Advance(by);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = _time.CreateTimer(callback, state, dueTime, period);
        if (dueTime > TimeSpan.Zero && dueTime <= longest)
        {
            Waits.Enqueue(dueTime);

            // After the caller has the timer in hand.
            ThreadPool.QueueUserWorkItem(_ => _time.Advance(dueTime));
        }

        return timer;
    }
}
