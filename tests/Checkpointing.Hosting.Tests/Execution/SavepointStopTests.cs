using Checkpointing.Coordination;
using Checkpointing.Hosting.Tests.Support;

namespace Checkpointing.Hosting.Tests.Execution;

/// <summary>Stopping with a savepoint: what it holds is committed, nothing else, and a job that was suspended goes on
/// from it as if nothing had been.</summary>
public sealed class SavepointStopTests
{
    private const int Count = 4_000;
    private const int StopAt = 2_345;

    private static readonly Task Never = new TaskCompletionSource().Task;

    [Theory]
    [InlineData(false, SavepointFormat.Canonical)]
    [InlineData(true, SavepointFormat.Canonical)]
    [InlineData(true, SavepointFormat.Native)]
    public async Task StopWithSavepointAsync_Suspend_NothingFiresEarlyAndTheRestFollows(
        bool onRocksDb, SavepointFormat format)
    {
        await using var fixture = new JobFixture(onRocksDb: onRocksDb);
        var orders = Orders.Generate(Count, seed: 1);
        await using var first = await fixture.Host.StartAsync(
            Define(fixture, Held(orders)), new() { Parallelism = 2 }, fixture.Deadline);
        await ReadUpToAsync(first, StopAt, fixture);
        var own = await first.TriggerCheckpointAsync(fixture.Deadline);

        var savepoint = await first.StopWithSavepointAsync("savepoints", StopMode.Suspend, format, fixture.Deadline);

        var result = await first.Completion;
        result.Termination.Should().Be(JobTermination.Suspended);
        result.Savepoint.Should().Be(savepoint.Path);
        savepoint.Properties.Kind.Should().Be(CheckpointKind.Savepoint);
        (await fixture.StoredFilesAsync()).Should().Contain(own.MetadataPath, "a suspended job keeps its checkpoints");
        var firedEarly = Orders.ExpectedWindows(orders.Take(StopAt)).Except(Orders.ExpectedWindows(orders)).ToList();
        firedEarly.Should().NotBeEmpty("else nothing could be seen");
        File.ReadLines(fixture.Windows).Should().NotBeEmpty().And.NotIntersectWith(firedEarly);
        File.ReadAllLines(fixture.Totals).Should().Equal("customer,total");

        await using var second = await fixture.Host.StartAsync(
            Define(fixture, new(orders)),
            new() { Parallelism = 3, ResumeFrom = savepoint.Path, IgnoreOwnCheckpoints = true }, fixture.Deadline);
        second.RestoredFrom.Should().Be(savepoint.Path);
        await second.Completion.WaitAsync(fixture.Deadline);

        second.ElementsRead.Should().Be(Count - StopAt);
        fixture.OutputsShouldBeThoseOf(orders, "the savepoint holds all that was read");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task StopWithSavepointAsync_Drain_AllThatWasReadIsInTheOutput(int parallelism)
    {
        await using var fixture = new JobFixture();
        var orders = Orders.Generate(Count, seed: 2);
        await using var run = await fixture.Host.StartAsync(
            Define(fixture, Held(orders)), new() { Parallelism = parallelism }, fixture.Deadline);
        await ReadUpToAsync(run, StopAt, fixture);

        var savepoint = await run.StopWithSavepointAsync(
            "savepoints", StopMode.Drain, cancellationToken: fixture.Deadline);

        (await run.Completion).Termination.Should().Be(JobTermination.Finished);
        fixture.OutputsShouldBeThoseOf([.. orders.Take(StopAt)], "windows and timers fired");
        (await fixture.StoredFilesAsync()).Should().OnlyContain(path => path.StartsWith(savepoint.Path));
    }

    [Fact]
    public async Task StopWithSavepointAsync_InTheMiddleOfTheStream_LosesAndRepeatsNothing()
    {
        var orders = Orders.Generate(30_000, seed: 3);
        for (var round = 0; round < 5; round++)
        {
            await using var fixture = new JobFixture(new() { RecordsPerBatch = 8, BatchesPerChannel = 2 });
            string? from = null;
            for (var life = 0; life < 3; life++)
            {
                await using var run = await fixture.Host.StartAsync(
                    Define(fixture, new(orders)),
                    new()
                    {
                        Name = $"life-{life}",
                        Parallelism = 1 + ((round + life) % 3),
                        ResumeFrom = from,
                        FinishAtEndOfInput = false,
                        Checkpoints = { Interval = TimeSpan.FromMilliseconds(10) },
                    },
                    fixture.Deadline);
                await ReadUpToAsync(run, 1_000 * round, fixture);
                from = (await run.StopWithSavepointAsync("savepoints", cancellationToken: fixture.Deadline)).Path;
            }

            await using var last = await fixture.Host.StartAsync(
                Define(fixture, new(orders)), new() { Name = "last", ResumeFrom = from }, fixture.Deadline);
            await last.Completion.WaitAsync(fixture.Deadline);
            fixture.OutputsShouldBeThoseOf(orders, $"round {round}");
        }
    }

    [Theory]
    [InlineData(StopMode.Suspend, 0)]
    [InlineData(StopMode.Drain, 1)]
    public async Task StopWithSavepointAsync_SavepointFails_JobGoesOn(StopMode mode, int restarts)
    {
        await using var fixture = new JobFixture();
        var orders = Orders.Generate(Count, seed: 4);
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var run = await fixture.Host.StartAsync(
            Define(fixture, new(orders, place => place < StopAt ? Task.CompletedTask : open.Task)),
            new() { Parallelism = 2 }, fixture.Deadline);
        await ReadUpToAsync(run, StopAt, fixture);
        var checkpoint = await run.TriggerCheckpointAsync(fixture.Deadline);
        File.WriteAllText(fixture.File("checkpoints/taken"), "a file where a folder should be");

        var stopping = () => run.StopWithSavepointAsync("taken", mode, cancellationToken: fixture.Deadline);

        (await stopping.Should().ThrowAsync<CheckpointDeclinedException>()).Which.Reason.Should()
            .Be(CheckpointFailureReason.TaskDeclined);
        run.Completion.IsCompleted.Should().BeFalse();
        open.SetResult();
        var result = await run.Completion.WaitAsync(fixture.Deadline);
        result.Termination.Should().Be(JobTermination.Finished);
        result.Savepoint.Should().BeNull();
        result.RestartCount.Should().Be(restarts, "what was drained fired early: it is done again");
        run.RestoredFrom.Should().Be(restarts == 0 ? null : checkpoint.Path);
        fixture.OutputsShouldBeThoseOf(orders, "the job went on");
    }

    [Fact]
    public async Task StopWithSavepointAsync_AttemptFailsUnderIt_JobGoesOnFromItsCheckpoint()
    {
        await using var fixture =
            new JobFixture(new() { RestartStrategy = RestartStrategy.FixedDelay(1, TimeSpan.Zero) });
        var orders = Orders.Generate(Count, seed: 5);
        var failures = 0;
        await using var run = await fixture.Host.StartAsync(
            Orders.Define(
                new ListSource<Order>(orders), fixture.Windows, fixture.Totals,
                order =>
                {
                    if (order == orders[^1] && Interlocked.Increment(ref failures) == 1)
                    {
                        throw new InvalidDataException("planned");
                    }
                }),
            new() { Parallelism = 1, FinishAtEndOfInput = false },
            fixture.Deadline);
        await ReadUpToAsync(run, orders.Count, fixture);

        // It falls before, into or behind the failure; whatever it says must be true.
        string savepoint;
        try
        {
            savepoint = (await run.StopWithSavepointAsync("savepoints", cancellationToken: fixture.Deadline)).Path;
        }
        catch (CheckpointDeclinedException)
        {
            run.Completion.IsCompleted.Should().BeFalse();
            savepoint = (await run.StopWithSavepointAsync("savepoints", cancellationToken: fixture.Deadline)).Path;
        }

        run.RestartCount.Should().Be(1);
        await using var next = await fixture.Host.StartAsync(
            Define(fixture, new(orders)), new() { Name = "next", ResumeFrom = savepoint }, fixture.Deadline);
        await next.Completion.WaitAsync(fixture.Deadline);
        fixture.OutputsShouldBeThoseOf(orders, "nothing was lost");
    }

    [Fact]
    public async Task StopWithSavepointAsync_JobHasEnded_SaysSo()
    {
        await using var fixture = new JobFixture();
        await using var run = await fixture.Host.StartAsync(
            Define(fixture, new(Orders.Generate(10, seed: 6))), null, fixture.Deadline);
        await run.Completion.WaitAsync(fixture.Deadline);

        var stopping = () => run.StopWithSavepointAsync("savepoints", cancellationToken: fixture.Deadline);

        (await stopping.Should().ThrowAsync<CheckpointDeclinedException>()).Which.Reason.Should()
            .Be(CheckpointFailureReason.JobStopping);
    }

    [Fact]
    public async Task StopWithSavepointAsync_CancelledUnderIt_EndsAsCancelled()
    {
        await using var fixture = new JobFixture();
        var run = await fixture.Host.StartAsync(
            Define(fixture, Held(Orders.Generate(Count, seed: 7))), null, fixture.Deadline);
        await using var _ = run;
        await ReadUpToAsync(run, StopAt, fixture);

        var cancelling = run.CancelAsync(fixture.Deadline);
        var stopping = () => run.StopWithSavepointAsync("savepoints", cancellationToken: fixture.Deadline);

        await stopping.Should().ThrowAsync<CheckpointDeclinedException>();
        await cancelling;
        (await run.Completion).Termination.Should().Be(JobTermination.Cancelled);
    }

    private static StreamJob Define(JobFixture fixture, ListSource<Order> source) =>
        Orders.Define(source, fixture.Windows, fixture.Totals);

    private static ListSource<Order> Held(List<Order> orders) =>
        new(orders, static place => place < StopAt ? Task.CompletedTask : Never);

    private static async Task ReadUpToAsync(RunningJob run, long count, JobFixture fixture)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (run.ElementsRead < count)
        {
            await timer.WaitForNextTickAsync(fixture.Deadline);
        }
    }
}
