using System.Globalization;
using Checkpointing.RocksDb.Restore;

namespace Checkpointing.RocksDb.Tests.Restore;

/// <summary>Random histories over several changes of parallelism, held against dictionaries and against restoring row
/// by row.</summary>
public sealed class RescaleDifferentialTests
{
    // A sample of about half a minute. 52 seeds go from every parallelism from 1 to 16 to every other.
    private const int SampleSeedCount = 6;
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
        for (var seed = 0; seed < seedCount; seed++)
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
        counts.Where(path => path.Key != nameof(RestoreCounts.Refused)).Should()
            .OnlyContain(path => path.Value > 0, "every path is taken");
        counts[nameof(RestoreCounts.Refused)].Should().Be(0);
        if (seedCount >= SeedCountForEveryPair)
        {
            pairs.Should().HaveCount(256, "from every parallelism to every other");
        }
    }

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
