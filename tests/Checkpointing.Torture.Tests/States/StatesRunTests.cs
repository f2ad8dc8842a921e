using System.Text.Json;
using Checkpointing.Torture.States;

namespace Checkpointing.Torture.Tests.States;

[Collection(WholeProcess.Name)]
public sealed class StatesRunTests
{
    // 12 seeds have all shapes of state and nearly always all paths: about 15 s on a quiet machine. Which paths a seed
    // takes depends also on what RocksDB has compacted by then, so there are more until none is missing.
    private const int SeedCount = 12;
    private const int MostExtraSeeds = 36;

    [Fact]
    public async Task RunAsync_Sample_IsEqualAfterEveryStepAndTakesEveryPath()
    {
        var report = await StatesRun.RunAsync(0, SeedCount - 1, MostExtraSeeds, demandsAllPaths: true);

        TestContext.Current.TestOutputHelper?.WriteLine(report.ToJson());
        report.Failures.Should().BeEmpty();
        var counters = JsonDocument.Parse(report.ToJson()).RootElement.GetProperty("counters");
        counters.GetProperty("shapes of state").GetInt32().Should().Be(30);
        counters.GetProperty("seeds").GetInt32().Should().BeGreaterThanOrEqualTo(SeedCount);
    }

    [Fact]
    public void WalkOf_SeedsThatWalk_CoverAllPairsOfParallelisms()
    {
        var pairs = new HashSet<(int From, int To)>();
        for (var seed = 0; seed < 500; seed += 3)
        {
            var walk = StateHistory.WalkOf(seed);
            pairs.UnionWith(walk.Zip(walk.Skip(1)));
        }

        pairs.Should().HaveCount(16 * 16);
    }

    // 41: a list had an element twice, for a patch began with the last key of a file below.
    [Fact]
    public void States_Replay_RunsOneSeed()
    {
        var output = new StringWriter { NewLine = "\n" };
        TortureCommandLine.Run(["states", "--replay", "41", "--json"], output).Should().Be(0);

        var report = JsonDocument.Parse(output.ToString()).RootElement;
        report.GetProperty("seed").GetInt32().Should().Be(41);
        report.GetProperty("counters").GetProperty("seeds").GetInt32().Should().Be(1);
    }
}
