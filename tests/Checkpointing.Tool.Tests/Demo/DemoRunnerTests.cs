using Checkpointing.Tool.Demo;

namespace Checkpointing.Tool.Tests.Demo;

public sealed class DemoRunnerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, string> Combinations
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var backend in new[] { "rocksdb incremental", "rocksdb full", "heap" })
            {
                foreach (var parallelism in new[] { "1", "2", "4", "2,3,1" })
                {
                    data.Add(backend, parallelism);
                }
            }

            return data;
        }
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ExpectedFlights_FileOfTheTool_HasTheKnownSums()
    {
        var expected = ExpectedFlights.Of(ExpectedFlights.InputPath, replays: 1);

        expected.Origins.Should().HaveCount(220);
        expected.Origins.Sum(static origin => origin.Flights).Should().Be(20_000);
        expected.Origins.Sum(static origin => origin.TotalDelayMinutes).Should().Be(154_078);
    }

    [Theory]
    [MemberData(nameof(Combinations))]
    public async Task RunAsync_EveryCombination_GivesWhatARunWithoutCheckpointsGives(string backend, string parallelism)
    {
        var report = await DemoRun.RunAsync(DemoRun.OptionsIn(_folder) with
        {
            Backend = backend == "heap" ? DemoBackend.Heap : DemoBackend.RocksDb,
            IsIncremental = backend != "rocksdb full",
            Parallelism = [.. parallelism.Split(',').Select(int.Parse)],
        });

        DemoRun.ShouldBeRight(report);
        report.Generations.Should().HaveCount(3);
        report.Generations.Select(static g => g.JobId).Should().Equal("flights-1", "flights-2", "flights-3");
        report.Generations.Select(static g => g.RestoredFrom).Should().Equal(
            null, report.Generations[0].CheckpointPath, report.Generations[1].CheckpointPath);
        report.Generations.Select(static g => g.EventsRead).Should().Equal(6_666, 6_667, 6_667);
        report.Generations.Should().OnlyContain(static g => g.NewFiles > 0 && g.NewBytes > 0);
        if (backend != "rocksdb incremental")
        {
            report.Generations.Should().OnlyContain(static g => g.ReusedFiles == 0 && g.ReusedBytes == 0);
        }
        else if (parallelism != "2,3,1")
        {
            report.Generations.Skip(1).Should().OnlyContain(static g => g.ReusedFiles > 0 && g.ReusedBytes > 0);
        }
    }

    // Many generations: now and then a periodic checkpoint completes between the last one and its cancellation.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RunAsync_PeriodicCheckpoints_GiveTheSame(bool heap)
    {
        var report = await DemoRun.RunAsync(DemoRun.OptionsIn(_folder) with
        {
            Backend = heap ? DemoBackend.Heap : DemoBackend.RocksDb,
            Replays = 2,
            Generations = heap ? 20 : 4,
            Interval = TimeSpan.FromMilliseconds(10),
        });

        DemoRun.ShouldBeRight(report, replays: 2);
        report.Generations.Skip(1).Select(static g => g.RestoredFrom).Should().Equal(
            report.Generations.SkipLast(1).Select(static g => g.CheckpointPath));
        Directory.Exists(Path.Combine(_folder["checkpoints"], report.Generations[^1].CheckpointPath)).Should().BeTrue();
    }

    [Fact]
    public async Task RunAsync_UnsortedInput_LosesNoFlight()
    {
        var rows = File.ReadAllLines(ExpectedFlights.InputPath);
        var shuffled = rows[1..3_001].ToArray();
        new Random(1).Shuffle(shuffled);
        File.WriteAllLines(_folder["flights.csv"], [rows[0], .. shuffled]);

        var report = await DemoRun.RunAsync(
            DemoRun.OptionsIn(_folder) with { Input = _folder["flights.csv"], Replays = 2 });

        var expected = ExpectedFlights.Of(_folder["flights.csv"], replays: 2);
        report.Origins.Should().Equal(expected.Origins);
        ExpectedFlights.SortedRowsOf(report.Output).Should().Equal(expected.SortedRows);
    }

    [Fact]
    public async Task RunAsync_ManyReplaysIncremental_StoresTheChangeAndReusesTheRest()
    {
        var options = DemoRun.OptionsIn(_folder) with { Replays = 20 };

        var report = await DemoRun.RunAsync(options);
        var unchanged = await DemoRun.RunAsync(options with { Resume = true });

        DemoRun.ShouldBeRight(report, replays: 20);
        var (first, last) = (report.Generations[0], report.Generations[2]);
        report.Generations.Skip(1).Should().OnlyContain(static g => g.ReusedFiles > 0 && g.ReusedBytes > 0);
        last.NewBytes.Should().BeLessThan(first.NewBytes * 3 / 2, "as much changed in the last third as in the first");
        last.NewBytes.Should().BeLessThan(
            (last.NewBytes + last.ReusedBytes) / 2, "the state is that of all three thirds");
        unchanged.Generations.Should().ContainSingle().Which.NewBytes.Should().BeLessThan(
            last.NewBytes / 4, "nothing has changed since the last checkpoint");
    }

    [Fact]
    public async Task RunAsync_SameSeedTwice_StoresTheSame()
    {
        var first = await DemoRun.RunAsync(DemoRun.OptionsIn(_folder) with { Seed = 7 });
        using var other = new TemporaryFolder();
        var second = await DemoRun.RunAsync(DemoRun.OptionsIn(other) with { Seed = 7 });

        second.Generations.Select(static g => g.CheckpointPath).Should().Equal(
            first.Generations.Select(static g => g.CheckpointPath));
        second.Origins.Should().Equal(first.Origins);
    }
}
