using Checkpointing.Storage.Local;

namespace Checkpointing.LoadTests.Ratios;

/// <summary>How long the writer waits for a barrier, whatever is dirty: "ours" is the median, "theirs" the 99th
/// percentile.</summary>
internal static class BlockedRatio
{
    private const double MedianAtMost = 1;
    private const double PercentileAtMost = 10;
    private const int Barriers = 1_000;
    private const int MostDirtyRows = 20_000;

    internal static async Task<Ratio> RunAsync(LoadTestFolder folder, CancellationToken cancellationToken)
    {
        var rows = folder.Settings.RowCount;
        var storage = new LocalCheckpointStorage(RawRestore.RootOf(folder));
        var state = await OurState.OpenAsync(folder, storage, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        await using var closing = state.ConfigureAwait(false);
        state.Put(0, rows, 0);
        var random = new Random(1);
        var blocked = new List<double>(Barriers);
        for (var i = 0; i < Barriers; i++)
        {
            // From almost nothing to several megabytes.
            var dirty = random.Next(1, Math.Min(random.Next(2, MostDirtyRows), rows));
            state.Put(random.Next(rows - dirty), dirty, i + 1);
            var taken = await state.CheckpointAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            blocked.Add(taken.BlockedMs);
        }

        var ratio = Ratio.Of("blocked", blocked, "ms", MedianAtMost);
        var percentile = Ratio.Percentile(blocked, 0.99);
        return ratio with
        {
            Bound = FormattableString.Invariant($"p50 <= {MedianAtMost}, p99 <= {PercentileAtMost}"),
            Met = ratio.Met == true && percentile <= PercentileAtMost,
            Theirs = percentile,
        };
    }
}
