using System.Diagnostics;

namespace Checkpointing.LoadTests.Ratios;

/// <summary>Rows a second with a checkpoint every second ÷ without any.</summary>
internal static class ThroughputRatio
{
    private const double AtLeast = 0.95;
    private const int RowsAtATime = 1_000;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(4);

    // Milliseconds a row; steadier than what other work leaves of the time.
    private static readonly Dictionary<bool, List<double>> s_cpu = new() { [true] = [], [false] = [] };

    internal static async Task<Ratio> RunAsync(LiveState live, CancellationToken cancellationToken)
    {
        var pairs = await live.Folder.PairsAsync(
            run => RateAsync(live, run, takesCheckpoints: true, cancellationToken),
            run => RateAsync(live, run, takesCheckpoints: false, cancellationToken),
            cancellationToken, mayEndEarly: false).ConfigureAwait(false);
        return Ratio.Of("throughput", pairs, "rows/s", atLeast: AtLeast) with
        {
            Note = FormattableString.Invariant(
                $"processor time a row, with ÷ without: {Ratio.Median(s_cpu[true].Zip(s_cpu[false], Divide)):F3}"),
        };
    }

    private static double Divide(double one, double other) => one / other;

    private static async Task<double> RateAsync(
        LiveState live, int run, bool takesCheckpoints, CancellationToken cancellationToken)
    {
        var (rows, state) = (live.RowCount, live.Ours);
        var random = new Random(run);

        // Both begin with the same: all rows in files, nothing left to compact.
        await state.CheckpointAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        await LoadTestFolder.SettleAsync(SettleTime, cancellationToken).ConfigureAwait(false);
        var usage = Environment.CpuUsage.TotalTime;
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

        var milliseconds = (Environment.CpuUsage.TotalTime - usage).TotalMilliseconds;
        s_cpu[takesCheckpoints].Add(milliseconds / written);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        if (running is not null)
        {
            await running.ConfigureAwait(false);
        }

        return written / seconds;
    }
}
