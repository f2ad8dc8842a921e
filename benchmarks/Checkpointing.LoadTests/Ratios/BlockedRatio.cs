using System.Diagnostics;
using Checkpointing.Diagnostics;

namespace Checkpointing.LoadTests.Ratios;

/// <summary>How long the writer waits for a barrier, whatever is dirty: "ours" is the median, "theirs" the 99th
/// percentile. Beside it, of the same rows in the same run: raw RocksDB that flushes and waits.</summary>
internal static class BlockedRatio
{
    private const double MedianAtMost = 1;
    private const double PercentileAtMost = 10;
    private const int Barriers = 1_000;
    private const int MostDirtyRows = 20_000;

    // Fewer barriers on a machine that is slower.
    private static readonly TimeSpan LongTime = TimeSpan.FromMinutes(3);

    internal static async Task<Ratio> RunAsync(LiveState live, CancellationToken cancellationToken)
    {
        var (rows, state, raw) = (live.RowCount, live.Ours, live.Raw);
        var (waited, straddled) = (Waited(live), Straddled(live));
        var random = new Random(1);
        var blocked = new List<double>(Barriers);
        var flushed = new List<double>(Barriers);
        Task<OurCheckpoint>? running = null;
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < Barriers && Stopwatch.GetElapsedTime(start) < LongTime; i++)
        {
            // From almost nothing to several megabytes. The checkpoint before is still being written meanwhile.
            var dirty = random.Next(1, Math.Min(random.Next(2, MostDirtyRows), rows));
            var first = random.Next(rows - dirty);
            state.Put(first, dirty, i + 1);
            if (running is not null)
            {
                blocked.Add((await running.ConfigureAwait(false)).BlockedMs);
            }

            running = state.CheckpointAsync(cancellationToken: cancellationToken);
            raw.Put(first, dirty, i + 1);
            flushed.Add(LoadTestFolder.Time(raw.Flush));
        }

        blocked.Add((await running!.ConfigureAwait(false)).BlockedMs);
        var ratio = Ratio.Of("blocked", blocked, "ms", MedianAtMost);
        var percentile = Ratio.Percentile(blocked, 0.99);
        return ratio with
        {
            Bound = FormattableString.Invariant($"p50 <= {MedianAtMost}, p99 <= {PercentileAtMost}"),
            Met = ratio.Met == true && percentile <= PercentileAtMost,
            Theirs = percentile,
            Note = FormattableString.Invariant(
                $"{Waited(live) - waited} barriers waited for a flush, {Straddled(live) - straddled} had straddling ")
                + FormattableString.Invariant(
                $"files; flush and wait: ")
                + FormattableString.Invariant(
                $"p50 {Ratio.Median(flushed):F2} ms, p99 {Ratio.Percentile(flushed, 0.99):F2}, max {flushed.Max():F2}"),
        };
    }

    private static int Waited(LiveState live) => live.Events.Of(CheckpointingEventIds.BarrierWaitedForFlush);

    private static int Straddled(LiveState live) => live.Events.Of(CheckpointingEventIds.StraddlingFilesExported);
}
