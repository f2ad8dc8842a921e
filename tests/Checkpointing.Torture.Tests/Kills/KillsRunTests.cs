using System.Text.Json;
using Checkpointing.Torture.Kills;
using Checkpointing.ZooKeeper.Tests.Support;

namespace Checkpointing.Torture.Tests.Kills;

/// <summary>Real processes with RocksDB and ZooKeeper that are killed; 1,000 of them by hand (<c>kills</c>).</summary>
[Collection(WholeProcess.Name)]
public sealed class KillsRunTests
{
    private const int Kills = 10;
    private const int Seed = 1;

    [Fact]
    public async Task RunAsync_TenKills_OutputAndStateAreRightAndNothingIsLeftOver()
    {
        ZooKeeperInTests.RequireInstalled();
        var file = Path.Combine(Path.GetTempPath(), $"kills-{Environment.ProcessId}.json");
        try
        {
            var report = await KillsRun.RunAsync(Kills, Seed, resume: file);

            TestContext.Current.TestOutputHelper?.WriteLine(report.ToJson());
            report.Failures.Should().BeEmpty();
            var counters = JsonDocument.Parse(report.ToJson()).RootElement.GetProperty("counters");
            counters.GetProperty("kills").GetInt32().Should().Be(Kills);
            counters.GetProperty("jobs").GetInt32().Should().Be(1);
            counters.GetProperty("looks at what is stored").GetInt32().Should().Be(Kills + 1);
            counters.GetProperty("rescales").GetInt32().Should().BePositive();
            KillsProgress.Load(file, Seed).Done.Should().BeEquivalentTo([Seed], "a run is taken up where it was");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void KillPlan_SameSeed_IsTheSamePlanAndEndsByItself()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var plan = KillPlan.Of(seed);

            KillPlan.Of(seed).Should().BeEquivalentTo(plan);
            plan.Kills.Should().BeInRange(10, 20);
            plan.Lives.Select(static life => life.Moment == KillMoment.Never).Should()
                .Equal([.. Enumerable.Repeat(false, plan.Kills), true]);
        }
    }

    [Fact]
    public void PlansOf_AnyNumber_TakesExactlySoManyKillsFromSeedsInARow()
    {
        var plans = KillsRun.PlansOf(kills: 237, seed: 5).ToList();

        plans.Sum(static plan => plan.Kills).Should().Be(237);
        plans.Select(static plan => plan.Seed).Should().Equal(Enumerable.Range(5, plans.Count));
    }

    [Fact]
    public void KillsProgress_SavedAndLoaded_IsTheSame()
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("kills-").FullName, "progress.json");
        var progress = new KillsProgress { Seed = 3, Done = [3, 5], Counts = { ["kills"] = 31 }, Seconds = 1.5 };
        progress.Failures.Add(new("seed 5, process 2: lost", "kills --kills 12 --seed 5"));

        progress.Save(file);
        var loaded = KillsProgress.Load(file, seed: 3);

        loaded.Should().BeEquivalentTo(progress);
        FluentActions.Invoking(() => KillsProgress.Load(file, seed: 4)).Should().Throw<ArgumentException>()
            .WithMessage("*seed 3, not 4*");
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }
}
