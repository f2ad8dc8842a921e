using Checkpointing.Tool.Demo;

namespace Checkpointing.Tool.Tests.Demo;

public sealed class DemoResumeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task RunAsync_ResumeInEmptyFolder_StartsFromTheBeginning()
    {
        var report = await DemoRun.RunAsync(DemoRun.OptionsIn(_folder) with { Resume = true });

        DemoRun.ShouldBeRight(report);
        report.Generations.Should().HaveCount(3);
    }

    [Fact]
    public async Task RunAsync_ResumeAfterTheEnd_TakesOneMoreCheckpointAndGivesTheSame()
    {
        var first = await DemoRun.RunAsync(DemoRun.OptionsIn(_folder));

        var second = await DemoRun.RunAsync(DemoRun.OptionsIn(_folder) with { Resume = true });

        DemoRun.ShouldBeRight(second);
        var generation = second.Generations.Should().ContainSingle().Subject;
        generation.JobId.Should().Be("flights-3");
        generation.RestoredFrom.Should().Be(first.Generations[2].CheckpointPath);
        generation.CheckpointId.Should().BeGreaterThan(first.Generations[2].CheckpointId);
        generation.EventsRead.Should().Be(0);
    }

    [Fact]
    public async Task RunAsync_PlainRunOverAnEarlierOne_StartsOver()
    {
        await DemoRun.RunAsync(DemoRun.OptionsIn(_folder));

        var second = await DemoRun.RunAsync(DemoRun.OptionsIn(_folder) with { Replays = 2, Parallelism = [3] });

        DemoRun.ShouldBeRight(second, replays: 2);
        second.Generations.Select(static g => g.EventsRead).Should().Equal(13_333, 13_333, 13_334);
        second.Generations[0].RestoredFrom.Should().BeNull();
    }

    [Fact]
    public async Task RunAsync_ResumeAfterAStoppedSecondRun_IgnoresTheFirstRunsLaterJobs()
    {
        await DemoRun.RunAsync(DemoRun.OptionsIn(_folder));
        await StopAfterAsync(DemoRun.OptionsIn(_folder) with { Replays = 3 }, generations: 1);

        var third = await DemoRun.RunAsync(DemoRun.OptionsIn(_folder) with { Replays = 3, Resume = true });

        DemoRun.ShouldBeRight(third, replays: 3);
        third.Generations.Select(static g => g.JobId).Should().Equal("flights-1", "flights-2", "flights-3");
        third.Generations[0].EventsRead.Should().Be(0);
    }

    // As a second run that was killed before it had set any job's floor: the first one simply goes on.
    [Fact]
    public async Task RunAsync_ResumeWithMoreReplays_GoesOnWhereTheShorterRunEnded()
    {
        await DemoRun.RunAsync(DemoRun.OptionsIn(_folder));

        var longer = await DemoRun.RunAsync(DemoRun.OptionsIn(_folder) with { Replays = 3, Resume = true });

        DemoRun.ShouldBeRight(longer, replays: 3);
        longer.Generations.Should().ContainSingle().Which.EventsRead.Should().Be(40_000);
    }

    [Fact]
    public async Task RunAsync_ResumeWithFewerReplaysThanWereRead_IsRefusedAndLosesNothing()
    {
        await DemoRun.RunAsync(DemoRun.OptionsIn(_folder) with { Replays = 2 });

        var run = () => DemoRun.RunAsync(DemoRun.OptionsIn(_folder) with { Resume = true });

        (await run.Should().ThrowAsync<Exception>()).Which.ToString()
            .Should().Contain("40,000 flights").And.Contain("--replays");
        var again = await DemoRun.RunAsync(DemoRun.OptionsIn(_folder) with { Replays = 2, Resume = true });
        DemoRun.ShouldBeRight(again, replays: 2);
    }

    [Fact]
    public async Task RunAsync_ResumeWithOtherParallelismAndGenerations_GivesTheSame()
    {
        await StopAfterAsync(DemoRun.OptionsIn(_folder) with { Generations = 5, Parallelism = [2] }, generations: 3);

        var report = await DemoRun.RunAsync(
            DemoRun.OptionsIn(_folder) with { Generations = 2, Parallelism = [3], Resume = true });

        DemoRun.ShouldBeRight(report);
        report.Generations.Select(static g => g.JobId).Should().Equal("flights-3");
    }

    [Fact]
    public async Task RunAsync_ResumeOverAnotherInput_IsRefusedAndLosesNothing()
    {
        await StopAfterAsync(DemoRun.OptionsIn(_folder), generations: 1);
        var rows = File.ReadAllLines(ExpectedFlights.InputPath);
        File.WriteAllLines(_folder["other.csv"], rows[..^1]);

        var run = () =>
            DemoRun.RunAsync(DemoRun.OptionsIn(_folder) with { Input = _folder["other.csv"], Resume = true });

        (await run.Should().ThrowAsync<Exception>()).Which.ToString().Should().Contain("another input");
        DemoRun.ShouldBeRight(await DemoRun.RunAsync(DemoRun.OptionsIn(_folder) with { Resume = true }));
    }

    // As Ctrl-C between two generations.
    private static async Task StopAfterAsync(DemoOptions options, int generations)
    {
        using var stop = new CancellationTokenSource();
        var view = new StoppingView(stop, generations);
        var run = () => new DemoRunner(options, view).RunAsync(stop.Token);
        await run.Should().ThrowAsync<OperationCanceledException>();
    }

    private sealed class StoppingView(CancellationTokenSource stop, int generations) : DemoView
    {
        private int _left = generations;

        public override void Started(DemoOptions options, FlightInput input)
        {
        }

        public override void GenerationStarted(
            string jobId, int parallelism, string? restoredFrom, long first, long target)
        {
        }

        public override void Progressed(long position)
        {
        }

        public override void GenerationEnded(GenerationReport generation)
        {
            if (--_left == 0)
            {
                stop.Cancel();
            }
        }

        public override void Finish(DemoReport report)
        {
        }
    }
}
