using Checkpointing.Hosting.Sources;
using Checkpointing.Hosting.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Checkpointing.Hosting.Tests.Execution;

/// <summary>Timers of an operating system may fire a little before their time.</summary>
public sealed class EarlyTimerTests
{
    // A service stopped taking checkpoints for good, without a word, when its timer had fired a millisecond early.
    [Fact]
    public async Task Interval_TimerFiresEarly_PeriodicCheckpointsGoOn()
    {
        await using var fixture = new JobFixture();
        var time = new EarlyTimers();
        await using var host = new InProcessHostBuilder(fixture.Storage).WithTimeProvider(time).Build();
        await using var run = await host.StartAsync(
            Orders.Define(
                new ListSource<Order>(Orders.Generate(100, seed: 1)).PausingAfter(50), fixture.Windows, fixture.Totals),
            new() { Checkpoints = { Interval = TimeSpan.FromMilliseconds(100) } },
            fixture.Deadline);
        await run.WaitForSourceIdleAsync(fixture.Deadline);

        for (var id = 1; id <= 3; id++)
        {
            time.Advance(TimeSpan.FromMilliseconds(99));
            time.Advance(TimeSpan.FromMilliseconds(1));
            await Eventually.HoldsAsync(() => run.LatestCheckpoint?.Id.Value == id, fixture.Deadline);
        }
    }

    /// <summary>Virtual time in which a timer of some length fires a millisecond early.</summary>
    private sealed class EarlyTimers : FakeTimeProvider
    {
        private static readonly TimeSpan s_shortest = TimeSpan.FromMilliseconds(50);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new Timer(base.CreateTimer(callback, state, Early(dueTime), period));

        private static TimeSpan Early(TimeSpan time) =>
            time >= s_shortest ? time - TimeSpan.FromMilliseconds(1) : time;

        private sealed class Timer(ITimer inner) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => inner.Change(Early(dueTime), period);

            public void Dispose() => inner.Dispose();

            public ValueTask DisposeAsync() => inner.DisposeAsync();
        }
    }
}
