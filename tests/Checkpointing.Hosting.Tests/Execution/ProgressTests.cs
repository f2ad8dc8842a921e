using Checkpointing.Coordination;
using Checkpointing.Hosting.Tests.Support;

namespace Checkpointing.Hosting.Tests.Execution;

public sealed class ProgressTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task StartOptionsProgress_CheckpointAndRestore_ReportsPhasesSubtasksFilesAndBytes(bool onRocksDb)
    {
        await using var fixture = new JobFixture(onRocksDb: onRocksDb);
        var orders = Orders.Generate(3_000, seed: 1);
        var source = new ListSource<Order>(orders, static place =>
            place < 2_000 ? Task.CompletedTask : new TaskCompletionSource().Task);
        var (first, second) = (new Reports(), new Reports());
        await using var run = await fixture.Host.StartAsync(
            Orders.Define(source, fixture.Windows, fixture.Totals), Options("first", 2, first, TimeSpan.Zero),
            fixture.Deadline);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (run.ElementsRead < 2_000)
        {
            await timer.WaitForNextTickAsync(fixture.Deadline);
        }

        var checkpoint = await run.TriggerCheckpointAsync(fixture.Deadline);
        var stored = await StoredAsync(fixture);
        await run.CancelAsync(fixture.Deadline);

        first.Of(null).Select(static report => report.Phase).Distinct().Should().Equal(
            JobPhase.Restoring, JobPhase.Restored);
        var written = first.Of(checkpoint.Id);
        written.Select(static report => report.Phase).Distinct().Should().Equal(
            JobPhase.Writing, JobPhase.Publishing, JobPhase.Completed);
        written.Should().BeInAscendingOrder(static report => report.Phase).And.HaveCountGreaterThan(5);
        var last = written[^1];
        last.SubtasksDone.Should().Be(last.SubtaskCount).And.BeGreaterThan(5);
        (last.Files, last.Bytes).Should().Be(stored, "little operator state is kept in the metadata and is no file");
        stored.Bytes.Should().BePositive();

        await using var other = await fixture.Host.StartAsync(
            Orders.Define(source, fixture.Windows, fixture.Totals),
            Options("second", 3, second, TimeSpan.Zero, checkpoint.Path), fixture.Deadline);
        var restored = second.Of(checkpoint.Id);
        restored[0].Phase.Should().Be(JobPhase.Restoring);
        restored[^1].Phase.Should().Be(JobPhase.Restored);
        restored[^1].SubtasksDone.Should().Be(restored[^1].SubtaskCount);
        restored[^1].Bytes.Should().BePositive();
        await other.CancelAsync(fixture.Deadline);
    }

    [Fact]
    public async Task StartOptionsProgressInterval_Long_ReportsOnlyWhereAPhaseBeginsOrEnds()
    {
        await using var fixture = new JobFixture();
        var reports = new Reports();
        await using var run = await fixture.Host.StartAsync(
            Orders.Define(
                new ListSource<Order>(Orders.Generate(500, seed: 2)), fixture.Windows, fixture.Totals),
            Options("quiet", 4, reports, TimeSpan.FromDays(1)), fixture.Deadline);
        await run.Completion.WaitAsync(fixture.Deadline);

        reports.All.Select(static report => report.Phase).Should().Equal(
            JobPhase.Restoring, JobPhase.Restored, JobPhase.Writing, JobPhase.Publishing, JobPhase.Completed);
    }

    [Fact]
    public async Task StartOptionsProgressInterval_Negative_IsRefused()
    {
        await using var fixture = new JobFixture();
        var job = Orders.Define(new ListSource<Order>([]), fixture.Windows, fixture.Totals);

        var starting = () => fixture.Host.StartAsync(
            job, Options("job", 1, new(), TimeSpan.FromTicks(-1)), fixture.Deadline);

        (await starting.Should().ThrowAsync<ArgumentOutOfRangeException>()).Which.ParamName.Should()
            .Be(nameof(StartOptions.ProgressInterval));
    }

    [Fact]
    public async Task StartOptionsProgress_CheckpointIsAborted_SaysSo()
    {
        await using var fixture = new JobFixture();
        var reports = new Reports();
        await using var run = await fixture.Host.StartAsync(
            Orders.Define(
                new ListSource<Order>(Orders.Generate(500, seed: 3)), fixture.Windows, fixture.Totals),
            Options("failing", 1, reports, TimeSpan.Zero), fixture.Deadline);
        await run.WaitForEndOfInputAsync(fixture.Deadline);
        File.WriteAllText(fixture.File("checkpoints/taken"), "a file where a folder should be");

        var triggering = () => run.TriggerSavepointAsync("taken", fixture.Deadline);

        await triggering.Should().ThrowAsync<CheckpointDeclinedException>();
        reports.All.Should().Contain(static report => report.Phase == JobPhase.Aborted);
        await run.CancelAsync(fixture.Deadline);
    }

    /// <summary>All files but the registers and the metadata, which the coordinator writes.</summary>
    private static async Task<(long Files, long Bytes)> StoredAsync(JobFixture fixture)
    {
        var (files, bytes) = (0L, 0L);
        await foreach (var file in fixture.Storage.ListAsync("", fixture.Deadline))
        {
            if (!file.Path.Contains("/register/", StringComparison.Ordinal)
                && !file.Path.EndsWith("/_metadata", StringComparison.Ordinal))
            {
                files++;
                bytes += file.LengthBytes;
            }
        }

        return (files, bytes);
    }

    private static StartOptions Options(
        string name, int parallelism, Reports reports, TimeSpan interval, string? from = null) => new()
        {
            Name = name,
            Parallelism = parallelism,
            ResumeFrom = from,
            ClaimMode = ClaimMode.NoClaim,
            FinishAtEndOfInput = name != "failing",
            Progress = reports,
            ProgressInterval = interval,
        };

    /// <summary>Keeps all reports, in the order in which they came.</summary>
    private sealed class Reports : IProgress<JobProgress>
    {
        private readonly List<JobProgress> _all = [];

        public IReadOnlyList<JobProgress> All
        {
            get
            {
                lock (_all)
                {
                    return [.. _all];
                }
            }
        }

        public List<JobProgress> Of(CheckpointId? checkpoint) =>
            [.. All.Where(report => report.Checkpoint == checkpoint)];

        public void Report(JobProgress value)
        {
            lock (_all)
            {
                _all.Add(value);
            }
        }
    }
}
