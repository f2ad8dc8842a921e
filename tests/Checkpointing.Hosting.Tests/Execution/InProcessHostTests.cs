using Checkpointing.Coordination;
using Checkpointing.Hosting.Sinks;
using Checkpointing.Hosting.Sources;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.Inspection;

namespace Checkpointing.Hosting.Tests.Execution;

public sealed class InProcessHostTests
{
    private static readonly Task Never = new TaskCompletionSource().Task;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task StartAsync_WholeInput_FinishesWithAllCommitted(int parallelism)
    {
        await using var fixture = new JobFixture();
        var orders = Orders.Generate(20_000, seed: 1);
        var job = Orders.Define(new ListSource<Order>(orders), fixture.Windows, fixture.Totals);

        await using var run = await fixture.Host.StartAsync(job, new() { Parallelism = parallelism }, fixture.Deadline);
        var result = await run.Completion.WaitAsync(fixture.Deadline);

        result.Termination.Should().Be(JobTermination.Finished);
        result.RestartCount.Should().Be(0);
        run.ElementsRead.Should().Be(orders.Count);
        fixture.OutputsShouldBeThoseOf(orders, "nothing went wrong");
        Directory.Exists(fixture.Windows + ".parts").Should().BeFalse();
    }

    [Fact]
    public async Task StartAsync_PausedCheckpointedCancelledAndResumedAtOtherParallelism_GivesTheSameOutput()
    {
        await using var fixture = new JobFixture();
        var orders = Orders.Generate(5_000, seed: 2);
        var source = new ListSource<Order>(orders);
        foreach (var mode in new[] { ClaimMode.NoClaim, ClaimMode.Claim })
        {
            string path;
            await using (var first = await fixture.Host.StartAsync(
                Orders.Define(source.PausingAfter(2_345), fixture.Windows, fixture.Totals),
                new() { Name = $"first-{mode}", Parallelism = 2, Retention = CheckpointRetention.OnCancellation },
                fixture.Deadline))
            {
                first.RestoredFrom.Should().BeNull();
                await first.WaitForSourceIdleAsync(fixture.Deadline);
                path = (await first.TriggerCheckpointAsync(fixture.Deadline)).Path;
                await first.CancelAsync(fixture.Deadline);
                first.ElementsRead.Should().Be(2_345);
                (await first.Completion).Termination.Should().Be(JobTermination.Cancelled);
            }

            var committed = File.ReadAllLines(fixture.Windows);
            committed.Should().NotBeEmpty("what completed before the cancellation is committed");

            await using var second = await fixture.Host.StartAsync(
                Orders.Define(source, fixture.Windows, fixture.Totals),
                new() { Name = $"second-{mode}", Parallelism = 3, ResumeFrom = path, ClaimMode = mode },
                fixture.Deadline);
            second.RestoredFrom.Should().Be(path);
            second.RestoreDuration.Should().BePositive();
            (await second.Completion.WaitAsync(fixture.Deadline)).Termination.Should().Be(JobTermination.Finished);

            second.ElementsRead.Should().Be(orders.Count - 2_345);
            File.ReadLines(fixture.Windows).Take(committed.Length).Should().Equal(
                committed, "committed rows are never touched");
            fixture.OutputsShouldBeThoseOf(orders, mode.ToString());
        }
    }

    [Fact]
    public async Task StartAsync_SameNameAgain_GoesOnFromItsOwnNewestCheckpoint()
    {
        await using var fixture = new JobFixture();
        var orders = Orders.Generate(3_000, seed: 3);
        var source = new ListSource<Order>(orders);
        string path;
        await using (var first = await fixture.Host.StartAsync(
            Orders.Define(source.PausingAfter(1_000), fixture.Windows, fixture.Totals), new() { Parallelism = 2 },
            fixture.Deadline))
        {
            await first.WaitForSourceIdleAsync(fixture.Deadline);
            path = (await first.TriggerCheckpointAsync(fixture.Deadline)).Path;
        }

        await using var second = await fixture.Host.StartAsync(
            Orders.Define(source, fixture.Windows, fixture.Totals), new() { Parallelism = 1 }, fixture.Deadline);
        second.RestoredFrom.Should().Be(path);
        second.Epoch.Should().Be(2);
        await second.Completion.WaitAsync(fixture.Deadline);

        fixture.OutputsShouldBeThoseOf(orders, "disposing is suspending");
    }

    [Fact]
    public async Task StartAsync_IgnoringOwnCheckpoints_StartsOver()
    {
        await using var fixture = new JobFixture();
        var orders = Orders.Generate(2_000, seed: 4);
        var source = new ListSource<Order>(orders);
        await using (var first = await fixture.Host.StartAsync(
            Orders.Define(source.PausingAfter(1_900), fixture.Windows, fixture.Totals), new() { Parallelism = 2 },
            fixture.Deadline))
        {
            await first.WaitForSourceIdleAsync(fixture.Deadline);
            await first.TriggerCheckpointAsync(fixture.Deadline);
        }

        await using var second = await fixture.Host.StartAsync(
            Orders.Define(source, fixture.Windows, fixture.Totals),
            new() { Parallelism = 2, IgnoreOwnCheckpoints = true }, fixture.Deadline);
        second.RestoredFrom.Should().BeNull();
        await second.Completion.WaitAsync(fixture.Deadline);

        second.ElementsRead.Should().Be(orders.Count);
        fixture.OutputsShouldBeThoseOf(orders, "it began with empty outputs");
    }

    [Theory]
    [InlineData(CheckpointRetention.OnCancellation, true)]
    [InlineData(CheckpointRetention.OnFailure, false)]
    public async Task CancelAsync_ByRetention_KeepsOrDeletesCheckpoints(CheckpointRetention retention, bool stays)
    {
        await using var fixture = new JobFixture();
        var source = new ListSource<Order>(Orders.Generate(1_000, seed: 5)).PausingAfter(500);
        await using var run = await fixture.Host.StartAsync(
            Orders.Define(source, fixture.Windows, fixture.Totals), new() { Parallelism = 2, Retention = retention },
            fixture.Deadline);
        await run.WaitForSourceIdleAsync(fixture.Deadline);
        var checkpoint = await run.TriggerCheckpointAsync(fixture.Deadline);

        await run.CancelAsync(fixture.Deadline);

        (await fixture.StoredFilesAsync()).Contains(checkpoint.MetadataPath).Should().Be(stays);
        var triggering = () => run.TriggerCheckpointAsync(fixture.Deadline);
        (await triggering.Should().ThrowAsync<CheckpointDeclinedException>()).Which.Reason.Should()
            .Be(CheckpointFailureReason.JobStopping);
    }

    // A checkpoint taken by hand may be pushed out by a periodic one before the job is cancelled.
    [Fact]
    public async Task LatestCheckpoint_PeriodicOnesGoOnUntilTheCancellation_IsTheOneThatIsThere()
    {
        await using var fixture = new JobFixture();
        var source = new ListSource<Order>(Orders.Generate(1_000, seed: 9));
        for (var round = 0; round < 10; round++)
        {
            await using var run = await fixture.Host.StartAsync(
                Orders.Define(source.PausingAfter(500), fixture.Windows, fixture.Totals),
                new()
                {
                    Name = $"job-{round}",
                    Parallelism = 2,
                    Retention = CheckpointRetention.OnCancellation,
                    Checkpoints = { Interval = TimeSpan.FromMilliseconds(10) },
                },
                fixture.Deadline);
            await run.WaitForSourceIdleAsync(fixture.Deadline);
            var byHand = await run.TriggerCheckpointAsync(fixture.Deadline);
            await run.CancelAsync(fixture.Deadline);

            run.LatestCheckpoint!.Id.Value.Should().BeGreaterThanOrEqualTo(byHand.Id.Value);
            var job = await JobInspection.ReadAsync(fixture.Storage, $"job-{round}", fixture.Deadline);
            job!.Newest.Should().Be(run.LatestCheckpoint.Path);
        }
    }

    [Fact]
    public async Task Completion_UserCodeThrows_FailsNamingOperatorAndSubtask()
    {
        await using var fixture = new JobFixture();
        var orders = Orders.Generate(1_000, seed: 6);
        var thrown = new InvalidDataException("no good");
        await using var run = await fixture.Host.StartAsync(
            Orders.Define(new ListSource<Order>(orders), fixture.Windows, fixture.Totals,
                o => { if (o == orders[700]) { throw thrown; } }),
            new() { Parallelism = 1 },
            fixture.Deadline);

        var completion = () => run.Completion.WaitAsync(fixture.Deadline);

        var failed = (await completion.Should().ThrowAsync<JobFailedException>()).Which;
        failed.Operator.Should().Be("totals");
        failed.SubtaskIndex.Should().Be(0);
        failed.RestartCount.Should().Be(0);
        failed.InnerException.Should().BeSameAs(thrown);
        await run.CancelAsync(fixture.Deadline);
        var waiting = () => run.WaitForEndOfInputAsync(fixture.Deadline);
        (await waiting.Should().ThrowAsync<JobFailedException>()).Which.Should().BeSameAs(failed);
        var triggering = () => run.TriggerCheckpointAsync(fixture.Deadline);
        (await triggering.Should().ThrowAsync<CheckpointDeclinedException>()).WithInnerException<JobFailedException>();
    }

    [Fact]
    public async Task Completion_FailsOnEveryAttempt_CountsRestarts()
    {
        await using var fixture = new JobFixture(
            new() { RestartStrategy = RestartStrategy.FixedDelay(2, TimeSpan.FromMilliseconds(1)) });
        var run = await fixture.Host.StartAsync(
            Orders.Define(
                new ListSource<Order>(Orders.Generate(100, seed: 7)), fixture.Windows, fixture.Totals,
                _ => throw new InvalidDataException("always")),
            null,
            fixture.Deadline);

        var completion = () => run.Completion.WaitAsync(fixture.Deadline);

        (await completion.Should().ThrowAsync<JobFailedException>()).Which.RestartCount.Should().Be(2);
    }

    [Fact]
    public async Task Completion_MoreFailedCheckpointsThanTolerated_Fails()
    {
        await using var fixture = new JobFixture();
        var source = new ListSource<Order>(Orders.Generate(100, seed: 11));
        await using var run = await fixture.Host.StartAsync(
            Orders.Define(source, fixture.Windows, fixture.Totals),
            new() { FinishAtEndOfInput = false, Checkpoints = { TolerableFailures = 0 } },
            fixture.Deadline);
        await run.WaitForEndOfInputAsync(fixture.Deadline);
        File.WriteAllText(fixture.File("checkpoints/orders/chk-1"), "a file where a folder should be");

        var triggering = () => run.TriggerCheckpointAsync(fixture.Deadline);
        await triggering.Should().ThrowAsync<CheckpointDeclinedException>();
        var completion = () => run.Completion.WaitAsync(fixture.Deadline);

        (await completion.Should().ThrowAsync<JobFailedException>()).Which.Operator.Should().BeNull();
    }

    [Fact]
    public async Task Completion_TakenOverByAnotherHost_EndsFencedAndCommitsNothingMore()
    {
        await using var fixture = new JobFixture();
        var orders = Orders.Generate(1_000, seed: 8);
        var job = Orders.Define(new ListSource<Order>(orders).PausingAfter(600), fixture.Windows, fixture.Totals);
        await using var old = await fixture.Host.StartAsync(job, null, fixture.Deadline);
        await old.WaitForSourceIdleAsync(fixture.Deadline);
        await using var other = new InProcessHostBuilder(fixture.Storage).Build();
        await using var young = await other.StartAsync(job, null, fixture.Deadline);

        var triggering = () => old.TriggerCheckpointAsync(fixture.Deadline);
        await triggering.Should().ThrowAsync<CheckpointingException>();
        var completion = () => old.Completion.WaitAsync(fixture.Deadline);

        (await completion.Should().ThrowAsync<CoordinatorFencedException>()).Which.CurrentEpoch.Should()
            .Be(young.Epoch);
        File.ReadAllText(fixture.Windows).Should().BeEmpty();
    }

    [Fact]
    public async Task WaitForSourceIdleAsync_AttemptFailsBefore_WaitsForTheNextOne()
    {
        await using var fixture =
            new JobFixture(new() { RestartStrategy = RestartStrategy.FixedDelay(1, TimeSpan.Zero) });
        var orders = Orders.Generate(1_000, seed: 10);
        var failures = 0;
        await using var run = await fixture.Host.StartAsync(
            Orders.Define(
                new ListSource<Order>(
                    orders, place => place > 500 && Volatile.Read(ref failures) == 0 ? Never : Task.CompletedTask)
                    .PausingAfter(900),
                fixture.Windows,
                fixture.Totals,
                _ => { if (Interlocked.Exchange(ref failures, 1) == 0) { throw new InvalidDataException("once"); } }),
            null,
            fixture.Deadline);

        await run.WaitForSourceIdleAsync(fixture.Deadline);
        await run.TriggerCheckpointAsync(fixture.Deadline);

        run.RestartCount.Should().Be(1);
        await run.CancelAsync(fixture.Deadline);
    }

    [Fact]
    public async Task StartAsync_NoCheckpointAtThePath_ThrowsAndLeavesNoJob()
    {
        await using var fixture = new JobFixture();
        var job = Orders.Define(new ListSource<Order>([]), fixture.Windows, fixture.Totals);

        var starting = () => fixture.Host.StartAsync(job, new() { ResumeFrom = "other/chk-1" }, fixture.Deadline);

        await starting.Should().ThrowAsync<CheckpointNotFoundException>();
    }

    [Fact]
    public async Task StartAsync_MalformedRow_FailsWithRowAndText()
    {
        await using var fixture = new JobFixture();
        var input = fixture.File("in.csv");
        File.WriteAllText(input, "1\n2\nx\n");
        var builder = new StreamJobBuilder("csv");
        builder.AddSource("numbers", new CsvFileSource<int>(input, int.Parse)).AddSink(
            "out", new CollectingSink<int>());
        await using var run = await fixture.Host.StartAsync(builder.Build(), null, fixture.Deadline);

        var completion = () => run.Completion.WaitAsync(fixture.Deadline);

        var failed = (await completion.Should().ThrowAsync<JobFailedException>()).Which;
        failed.InnerException.Should().BeOfType<MalformedRowException>().Which.RowNumber.Should().Be(3);
        failed.Operator.Should().Be("numbers");
    }

    [Fact]
    public async Task StartAsync_OutputCannotBeWritten_ThrowsOneSentence()
    {
        await using var fixture = new JobFixture();
        File.WriteAllText(fixture.File("file"), "");
        var output = Path.Combine(fixture.File("file"), "out.csv");
        var builder = new StreamJobBuilder("job");
        builder.AddSource("numbers", new ListSource<string>(["1"])).AddSink(
            "out", new TwoPhaseFileSink<string>(output, static row => row));

        var starting = () => fixture.Host.StartAsync(builder.Build(), null, fixture.Deadline);

        await starting.Should().ThrowAsync<CheckpointStorageUnavailableException>()
            .WithMessage($"'{output}' cannot be written*");
    }

    [Fact]
    public async Task WaitForEndOfInputAsync_NotFinishing_JobStaysAndAnswersTriggers()
    {
        await using var fixture = new JobFixture();
        var orders = Orders.Generate(1_000, seed: 9);
        await using var run = await fixture.Host.StartAsync(
            Orders.Define(new ListSource<Order>(orders), fixture.Windows, fixture.Totals),
            new() { Parallelism = 2, FinishAtEndOfInput = false },
            fixture.Deadline);

        await run.WaitForEndOfInputAsync(fixture.Deadline);
        var checkpoint = await run.TriggerCheckpointAsync(fixture.Deadline);
        var savepoint = await run.TriggerSavepointAsync("savepoints", fixture.Deadline);
        await run.CancelAsync(fixture.Deadline);

        run.LatestCheckpoint!.Id.Should().BeOneOf(checkpoint.Id, savepoint.Id);
        savepoint.Path.Should().StartWith("savepoints/");
        fixture.OutputsShouldBeThoseOf(orders, "the checkpoint after the end committed all");
    }

    [Theory]
    [InlineData(true, SavepointFormat.Native)]
    [InlineData(true, SavepointFormat.Canonical)]
    [InlineData(false, SavepointFormat.Native)]
    public async Task TriggerSavepointAsync_MovedAndResumedAtOtherParallelism_GivesTheSameOutput(
        bool onRocksDb, SavepointFormat format)
    {
        await using var fixture = new JobFixture(onRocksDb: onRocksDb);
        var orders = Orders.Generate(3_000, seed: 10);
        var source = new ListSource<Order>(orders);
        await using (var first = await fixture.Host.StartAsync(
            Orders.Define(source.PausingAfter(1_234), fixture.Windows, fixture.Totals),
            new() { Name = "first", Parallelism = 2 }, fixture.Deadline))
        {
            await first.WaitForSourceIdleAsync(fixture.Deadline);
            var savepoint = await first.TriggerSavepointAsync("savepoints", format, fixture.Deadline);
            savepoint.Properties.Format.Should().Be(
                onRocksDb ? format : SavepointFormat.Canonical, "the heap has no files of its own");
            await first.CancelAsync(fixture.Deadline);
            Directory.Move(fixture.File($"checkpoints/{savepoint.Path}"), fixture.File("checkpoints/moved"));
        }

        (await fixture.StoredFilesAsync()).Should().OnlyContain(
            path => path.StartsWith("moved/"), "the job's own checkpoints went with it");
        await using var second = await fixture.Host.StartAsync(
            Orders.Define(source, fixture.Windows, fixture.Totals),
            new() { Name = "second", Parallelism = 3, ResumeFrom = "moved" }, fixture.Deadline);
        second.RestoredFrom.Should().Be("moved");
        (await second.Completion.WaitAsync(fixture.Deadline)).Termination.Should().Be(JobTermination.Finished);
        second.ElementsRead.Should().Be(orders.Count - 1_234);
        fixture.OutputsShouldBeThoseOf(orders, "a savepoint holds all");
    }

    [Fact]
    public async Task StartAsync_ParallelismOfUnknownOperator_IsRefused()
    {
        await using var fixture = new JobFixture();
        var job = Orders.Define(new ListSource<Order>([]), fixture.Windows, fixture.Totals);

        var starting =
            () => fixture.Host.StartAsync(job, new() { OperatorParallelism = { ["orders"] = 2 } }, fixture.Deadline);

        await starting.Should().ThrowAsync<ArgumentException>()
            .WithMessage("*no keyed operator or parallel source 'orders'*");
    }
}
