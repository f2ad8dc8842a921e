using System.Diagnostics;
using Checkpointing.Storage.Local;

namespace Checkpointing.LoadTests.Ratios;

/// <summary>Rows a second with a checkpoint every second ÷ without any.</summary>
internal static class ThroughputRatio
{
    private const double AtLeast = 0.95;
    private const int RowsAtATime = 1_000;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(5);

    internal static async Task<Ratio> RunAsync(LoadTestFolder folder, CancellationToken cancellationToken)
    {
        var storage = new LocalCheckpointStorage(RawRestore.RootOf(folder));
        var state = await OurState.OpenAsync(folder, storage, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        await using var closing = state.ConfigureAwait(false);
        state.Put(0, folder.Settings.RowCount, 0);
        await state.CheckpointAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        var pairs = await folder.PairsAsync(
            run => RateAsync(folder, state, run, takesCheckpoints: true, cancellationToken),
            run => RateAsync(folder, state, run, takesCheckpoints: false, cancellationToken),
            cancellationToken).ConfigureAwait(false);
        return Ratio.Of("throughput", pairs, "rows/s", atLeast: AtLeast);
    }

    private static async Task<double> RateAsync(
        LoadTestFolder folder, OurState state, int run, bool takesCheckpoints, CancellationToken cancellationToken)
    {
        var rows = folder.Settings.RowCount;
        var random = new Random(run);
        var start = Stopwatch.GetTimestamp();
        var next = Interval;
        Task<OurCheckpoint>? running = null;
        long written = 0;
        while (Stopwatch.GetElapsedTime(start) is var elapsed && elapsed < Duration)
        {
            state.Put(random.Next(Math.Max(rows - RowsAtATime, 1)), Math.Min(RowsAtATime, rows), run + 1);
            written += Math.Min(RowsAtATime, rows);
            if (takesCheckpoints && elapsed >= next && running is not { IsCompleted: false })
            {
                // The synchronous part runs here; the rest beside the writer.
                next = elapsed + Interval;
                running = state.CheckpointAsync(cancellationToken: cancellationToken);
            }
        }

        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        if (running is not null)
        {
            await running.ConfigureAwait(false);
        }

        return written / seconds;
    }
}
