using Checkpointing.Hosting.Execution;
using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.State;
using Checkpointing.Storage.InMemory;
using CsCheck;

namespace Checkpointing.Hosting.Tests;

public sealed class RestartStrategyTests
{
    private static readonly DateTimeOffset Start = new(2001, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void None_AnyFailure_GivesUp() => DelaysOf(RestartStrategy.None, 0, 1).Should().Equal([null]);

    [Fact]
    public void FixedDelay_FailsAgainAndAgain_RestartsSoOften() =>
        DelaysOf(RestartStrategy.FixedDelay(3, Seconds(5)), 0, 100, 200_000, 200_001)
            .Should().Equal(Seconds(5), Seconds(5), Seconds(5), null);

    [Fact]
    public void ExponentialDelay_FailsAtOnceEachTime_WaitsLongerUpToTheLongest() =>
        DelaysOf(RestartStrategy.ExponentialDelay(Seconds(1), Seconds(9), factor: 2, jitter: 0), 0, 1, 3, 7, 15, 24)
            .Should().Equal(Seconds(1), Seconds(2), Seconds(4), Seconds(8), Seconds(9), Seconds(9));

    [Fact]
    public void ExponentialDelay_RanQuietlyForAWhile_BeginsAgain()
    {
        var strategy = RestartStrategy.ExponentialDelay(
            Seconds(1), Seconds(60), factor: 3, jitter: 0, quietTime: Seconds(100), attempts: 3);

        // 1 s after the failure it runs again: at 101 it has run for 100 s, at 199 for 95 s.
        DelaysOf(strategy, 0, 101, 105, 208, 209, 211, 300).Should().Equal(
            Seconds(1), Seconds(1), Seconds(3), Seconds(1), Seconds(3), Seconds(9), null);
    }

    [Fact]
    public void ExponentialDelay_WithJitter_StaysWithinItsShareAndGrowsFromTheDelayWithoutIt()
    {
        var strategy = RestartStrategy.ExponentialDelay(Seconds(10), Seconds(30), factor: 2, jitter: 0.5);

        DelaysOf(strategy, [0, 1, 2], random: 0).Should().Equal(Seconds(5), Seconds(10), Seconds(15));
        DelaysOf(strategy, [0, 1, 2], random: 0.5).Should().Equal(Seconds(10), Seconds(20), Seconds(30));
        DelaysOf(strategy, [0, 1, 2], random: 0.75).Should().Equal(Seconds(12.5), Seconds(25), Seconds(30));
    }

    [Fact]
    public void FailureRate_TooManyInTheWindow_GivesUp() =>
        DelaysOf(RestartStrategy.FailureRate(2, Seconds(60), Seconds(1)), 0, 30, 60, 95, 118)
            .Should().Equal(Seconds(1), Seconds(1), Seconds(1), Seconds(1), null);

    /// <summary>Of any failures, no window holds more restarts than allowed; and it gives up only when one
    /// would.</summary>
    [Fact]
    public void FailureRate_AnyHistory_KeepsTheRate() =>
        Gen.Select(Gen.Int[1, 5], Gen.Int[0, 40].Array[1, 40]).Sample((most, gaps) =>
        {
            var strategy = RestartStrategy.FailureRate(most, Seconds(60), TimeSpan.Zero);
            var history = RestartHistory.Empty;
            var restarts = new List<DateTimeOffset>();
            var now = Start;
            foreach (var gap in gaps)
            {
                now += Seconds(gap);
                var inWindow = restarts.Count(at => at > now - Seconds(60));
                var decision = strategy.Decide(history, now, 0);
                (decision is not null).Should().Be(inWindow < most);
                if (decision is null)
                {
                    return;
                }

                restarts.Add(now);
                history = history.With(decision);
            }
        });

    [Fact]
    public void RestartHistory_MoreThanIsKept_ForgetsTheOldest()
    {
        var history = RestartHistory.Empty;
        for (var i = 0; i < RestartHistory.MaxKept + 10; i++)
        {
            history = history.With(new(Start + Seconds(i), TimeSpan.Zero, TimeSpan.Zero, i));
        }

        history.Count.Should().Be(RestartHistory.MaxKept + 10);
        history.Newest.Should().HaveCount(RestartHistory.MaxKept);
        history.Newest.First().FailedAt.Should().Be(Start + Seconds(10));
    }

    [Fact]
    public void Strategies_SettingsOutOfRange_AreRefused()
    {
        Action[] making =
        [
            () => RestartStrategy.FixedDelay(0, TimeSpan.Zero),
            () => RestartStrategy.FixedDelay(1, Seconds(-1)),
            () => RestartStrategy.ExponentialDelay(TimeSpan.Zero, Seconds(1)),
            () => RestartStrategy.ExponentialDelay(Seconds(2), Seconds(1)),
            () => RestartStrategy.ExponentialDelay(Seconds(1), Seconds(2), factor: 0.9),
            () => RestartStrategy.ExponentialDelay(Seconds(1), Seconds(2), factor: double.NaN),
            () => RestartStrategy.ExponentialDelay(Seconds(1), Seconds(2), jitter: 1.1),
            () => RestartStrategy.ExponentialDelay(Seconds(1), Seconds(2), quietTime: Seconds(1)),
            () => RestartStrategy.ExponentialDelay(Seconds(1), Seconds(2), attempts: 0),
            () => RestartStrategy.FailureRate(0, Seconds(1), TimeSpan.Zero),
            () => RestartStrategy.FailureRate(1_001, Seconds(1), TimeSpan.Zero),
            () => RestartStrategy.FailureRate(1, TimeSpan.Zero, TimeSpan.Zero),
        ];

        making.Should().AllSatisfy(make => make.Should().Throw<ArgumentOutOfRangeException>());
    }

    /// <summary>In a running job: virtual time jumps over the waits, so they are exactly what the strategy
    /// says.</summary>
    [Fact]
    public async Task Run_FailsAgainAndAgain_WaitsAsTheStrategySaysAndRestoresTheNewestCheckpoint()
    {
        var storage = new InMemoryCheckpointStorage();
        var time = new JumpingTime(Seconds(20));
        await using var host = new InProcessHostBuilder(storage).WithTimeProvider(time).WithOptions(new()
        {
            RestartStrategy = RestartStrategy.ExponentialDelay(
                Seconds(1), Seconds(9), factor: 2, jitter: 0, quietTime: Seconds(50), attempts: 5),
        }).Build();
        using var deadline = new CancellationTokenSource(Seconds(60));
        var fails = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var source = new ListSource<int>(
            [.. Enumerable.Range(0, 10)], place => place < 5 ? Task.CompletedTask : fails.Task);
        var job = new StreamJobBuilder("failing");
        job.AddSource("numbers", source).KeyBy(static number => number)
            .Process("fails", () => new FailingOperator(6)).AddSink("out", new CollectingSink<int>());

        await using var run = await host.StartAsync(job.Build(), null, deadline.Token);
        var checkpoint = await run.TriggerCheckpointAsync(deadline.Token);
        fails.SetResult();
        var completion = () => run.Completion.WaitAsync(deadline.Token);
        var failed = (await completion.Should().ThrowAsync<JobFailedException>()).Which;

        failed.RestartCount.Should().Be(5);
        failed.LastCheckpoint.Should().Be(checkpoint.Path);
        run.RestoredFrom.Should().Be(checkpoint.Path);
        time.Waits.Should().Equal(Seconds(1), Seconds(2), Seconds(4), Seconds(8), Seconds(9));
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    private static List<TimeSpan?> DelaysOf(RestartStrategy strategy, params int[] failuresAtSeconds) =>
        DelaysOf(strategy, failuresAtSeconds, 0.5);

    private static List<TimeSpan?> DelaysOf(RestartStrategy strategy, int[] failuresAtSeconds, double random)
    {
        var history = RestartHistory.Empty;
        var delays = new List<TimeSpan?>();
        foreach (var at in failuresAtSeconds)
        {
            var decision = strategy.Decide(history, Start + Seconds(at), random);
            delays.Add(decision?.Delay);
            if (decision is null)
            {
                break;
            }

            history = history.With(decision);
        }

        return delays;
    }

    private sealed class FailingOperator(int at) : KeyedOperator<int, int, int>
    {
        public override void Process(int value, KeyedElementContext<int> context, Emitter<int> output)
        {
            if (value == at)
            {
                throw new InvalidDataException("planned");
            }
        }
    }
}
