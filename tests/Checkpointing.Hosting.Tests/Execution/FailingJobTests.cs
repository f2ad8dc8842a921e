using Checkpointing.Coordination;
using Checkpointing.Hosting.Tests.Support;

namespace Checkpointing.Hosting.Tests.Execution;

/// <summary>Failures at random places, checkpoints all the time: outputs equal those of a run without
/// failure.</summary>
public sealed class FailingJobTests
{
    private const int OrderCount = 6_000;

    [Theory]
    [InlineData(101, 1)]
    [InlineData(102, 2)]
    [InlineData(103, 3)]
    [InlineData(104, 4)]
    public async Task Run_OperatorFailsAgainAndAgain_OutputsEqualTheStraightRun(int seed, int parallelism)
    {
        await using var fixture = new JobFixture(
            new()
            {
                RestartStrategy = RestartStrategy.FixedDelay(100, TimeSpan.Zero),
                RecordsPerBatch = 16,
                BatchesPerChannel = 2,
            });
        var random = new Random(seed);
        var orders = Orders.Generate(OrderCount, seed, maxLagMs: 200);
        var straight = await StraightAsync(orders);
        var failures = new FailurePlan([.. Enumerable.Range(0, 5).Select(_ => random.Next(100, OrderCount))]);
        var stops = new StopsOnTheWay(orders.Count, seed);

        await using var run = await fixture.Host.StartAsync(
            Orders.Define(
                new ListSource<Order>(orders, stops.GateAsync), fixture.Windows, fixture.Totals, failures.OnElement),
            new() { Parallelism = parallelism, Checkpoints = { MaxRetainedCheckpoints = 2 } },
            fixture.Deadline);
        await stops.CheckpointAtEachAsync(run, fixture.Deadline);
        var result = await run.Completion.WaitAsync(fixture.Deadline);

        result.Termination.Should().Be(JobTermination.Finished, "seed {0}", seed);
        result.RestartCount.Should().BeInRange(1, failures.Count, "seed {0}", seed);
        Orders.Sorted(fixture.Windows).Should().Equal(straight.Windows, "seed {0}", seed);
        Orders.Sorted(fixture.Totals).Should().Equal(straight.Totals, "seed {0}", seed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_CancelledAndStartedAgainWithAnotherParallelism_OutputsEqualTheStraightRun(bool onRocksDb)
    {
        await using var fixture = new JobFixture(onRocksDb: onRocksDb);
        var orders = Orders.Generate(OrderCount, seed: 7, maxLagMs: 200);
        var straight = await StraightAsync(orders);
        string? path = null;
        for (var (life, end) = (1, 1_000); ; life++, end += 1_000)
        {
            var stops = new StopsOnTheWay(end, life);
            await using var run = await fixture.Host.StartAsync(
                Orders.Define(
                    end >= OrderCount ? new ListSource<Order>(orders) : new ListSource<Order>(orders, stops.GateAsync),
                    fixture.Windows, fixture.Totals),
                new()
                {
                    Name = $"life-{life}",
                    Parallelism = 1 + (life * 3 % 4),
                    ResumeFrom = path,
                    ClaimMode = life % 2 == 0 ? ClaimMode.Claim : ClaimMode.NoClaim,
                },
                fixture.Deadline);
            if (end >= OrderCount)
            {
                await run.Completion.WaitAsync(fixture.Deadline);
                break;
            }

            path = (await run.TriggerCheckpointAsync(fixture.Deadline)).Path;
            await run.CancelAsync(fixture.Deadline);
        }

        Orders.Sorted(fixture.Windows).Should().Equal(straight.Windows);
        Orders.Sorted(fixture.Totals).Should().Equal(straight.Totals);
    }

    private static async Task<(List<string> Windows, List<string> Totals)> StraightAsync(IReadOnlyList<Order> orders)
    {
        await using var fixture = new JobFixture();
        await using var run = await fixture.Host.StartAsync(
            Orders.Define(new ListSource<Order>(orders), fixture.Windows, fixture.Totals), null, fixture.Deadline);
        await run.Completion.WaitAsync(fixture.Deadline);
        return (Orders.Sorted(fixture.Windows), Orders.Sorted(fixture.Totals));
    }

    /// <summary>Throws when so many elements have been handled in all, each time once.</summary>
    private sealed class FailurePlan(int[] at)
    {
        private readonly int[] _at = [.. at.Distinct().Order()];
        private int _handled;
        private int _thrown;

        public int Count => _at.Length;

        public void OnElement(Order order)
        {
            var handled = Interlocked.Increment(ref _handled);
            var thrown = Volatile.Read(ref _thrown);
            if (thrown < _at.Length && handled >= _at[thrown]
                && Interlocked.CompareExchange(ref _thrown, thrown + 1, thrown) == thrown)
            {
                throw new InvalidDataException($"planned failure {thrown + 1}");
            }
        }
    }

    /// <summary>Holds the source at random places until a checkpoint has been taken there, or has failed with its
    /// attempt.</summary>
    private sealed class StopsOnTheWay
    {
        private readonly long[] _places;
        private readonly TaskCompletionSource[] _open;

        public StopsOnTheWay(int count, int seed)
        {
            var random = new Random(seed * 31);
            _places =
                [.. Enumerable.Range(0, 12).Select(_ => (long)random.Next(count)).Append(count).Distinct().Order()];
            _open =
                [.. _places.Select(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))];
        }

        public Task GateAsync(long next)
        {
            for (var i = 0; i < _places.Length && _places[i] <= next; i++)
            {
                if (!_open[i].Task.IsCompleted)
                {
                    return _open[i].Task;
                }
            }

            return Task.CompletedTask;
        }

        /// <summary>The checkpoint falls anywhere before the gate: the source runs while it is triggered.</summary>
        public async Task CheckpointAtEachAsync(RunningJob run, CancellationToken deadline)
        {
            foreach (var open in _open)
            {
                try
                {
                    await run.TriggerCheckpointAsync(deadline);
                }
                catch (CheckpointingException e) when (e.IsTransient)
                {
                    // The attempt failed under it: the next one begins with the checkpoint before.
                }

                open.SetResult();
            }
        }
    }
}
