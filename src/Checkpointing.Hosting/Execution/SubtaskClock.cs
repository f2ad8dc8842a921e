using Checkpointing.Hosting.Runtime;
using Checkpointing.State;

namespace Checkpointing.Hosting.Execution;

/// <summary>Tells a subtask the time of the process, and wakes its loop when something is due.</summary>
/// <remarks>The clock is read only while the subtask waits for a time.</remarks>
internal sealed class SubtaskClock : IDisposable
{
    // Timers reach no further; who waits longer is woken in between for nothing.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly SubtaskRuntime _runtime;
    private readonly TimeProvider _time;
    private readonly Action _wake;
    private ITimer? _timer;

    public SubtaskClock(SubtaskRuntime runtime, TimeProvider time, Action wake) =>
        (_runtime, _time, _wake) = (runtime, time, wake);

    private Timestamp Now => Timestamp.FromDateTime(_time.GetUtcNow().UtcDateTime);

    /// <summary>Lets the subtask fire what is due.</summary>
    public void Advance()
    {
        if (_runtime.NextProcessingTime is not null || _runtime is SourceRuntime { FollowsClock: true })
        {
            _runtime.AdvanceProcessingTime(Now);
        }
    }

    /// <summary>Wakes the loop when the subtask's next time has come.</summary>
    public void WakeWhenDue()
    {
        if (_runtime.NextProcessingTime is not { } due)
        {
            return;
        }

        // Milliseconds of the clock are cut off: one more, or the loop would wake a moment too early.
        var waitMs = Math.Clamp((double)due.Milliseconds - Now.Milliseconds, 0, LongestWait.TotalMilliseconds - 1);
        var wait = TimeSpan.FromMilliseconds(waitMs + 1);
        _timer ??= _time.CreateTimer(_ => _wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(wait, Timeout.InfiniteTimeSpan);
    }

    public void Dispose() => _timer?.Dispose();
}
