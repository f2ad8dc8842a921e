using System.Globalization;
using Checkpointing.RocksDb.Restore;

namespace Checkpointing.RocksDb.Tests.Restore;

/// <summary>Random histories over several changes of parallelism, held against dictionaries and against restoring row
/// by row.</summary>
public sealed class RescaleDifferentialTests
{
    // A sample of about half a minute. 52 seeds go from every parallelism from 1 to 16 to every other.
    private const int SampleSeedCount = 6;

    // What is clean or compacted when a snapshot is taken depends on the machine, and with it which paths a seed takes.
    private const int MostExtraSeeds = 24;
    private const string SeedCountVariable = "CHECKPOINTING_RESCALE_SEEDS";
    private const int SeedCountForEveryPair = 52;

    [Fact]
    public async Task OpenAsync_RandomHistories_EqualDictionariesAndRowByRow()
    {
        var seedCount = int.Parse(
            Environment.GetEnvironmentVariable(SeedCountVariable) ?? $"{SampleSeedCount}",
            CultureInfo.InvariantCulture);
        var counts = new Dictionary<string, long>();
        var pairs = new HashSet<(int, int)>();
        for (var seed = 0; seed < seedCount || (seed < seedCount + MostExtraSeeds && !TakesEveryPath(counts)); seed++)
        {
            var history = new RescaleHistory(seed);
            try
            {
                await history.RunAsync();
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"seed {seed}: {history.Trace}", exception);
            }
            finally
            {
                await history.DisposeAsync();
            }

            pairs.UnionWith(history.Pairs);
            foreach (var (path, count) in Paths(history))
            {
                counts[path] = counts.GetValueOrDefault(path) + count;
            }
        }

        var summary = string.Join(", ", counts.Select(path => $"{path.Key} {path.Value}"));
        TestContext.Current.TestOutputHelper?.WriteLine($"{seedCount} seeds, {pairs.Count} pairs: {summary}");
        TakesEveryPath(counts).Should().BeTrue($"every path is to be taken: {summary}");
        counts[nameof(RestoreCounts.Refused)].Should().Be(0);
        if (seedCount >= SeedCountForEveryPair)
        {
            pairs.Should().HaveCount(256, "from every parallelism to every other");
        }
    }

    private static bool TakesEveryPath(Dictionary<string, long> counts) =>
        counts.All(static path => path.Value > 0 || path.Key == nameof(RestoreCounts.Refused));

    private static IEnumerable<(string Path, long Count)> Paths(RescaleHistory history) =>
    [
        (nameof(RestoreCounts.SameRange), history.Counts.SameRange),
        (nameof(RestoreCounts.Whole), history.Counts.Whole),
        (nameof(RestoreCounts.Patched), history.Counts.Patched),
        (nameof(RestoreCounts.Rewritten), history.Counts.Rewritten),
        (nameof(RestoreCounts.Refused), history.Counts.Refused),
        (nameof(RestoreCounts.Cleaned), history.Counts.Cleaned),
        (nameof(RestoreCounts.ByRows), history.RowCounts.ByRows),
    ];
}
