using System.Diagnostics;
using Checkpointing.Embedded;
using Checkpointing.RocksDb;
using Checkpointing.State;
using Checkpointing.State.Heap;
using Checkpointing.Storage.Local;

namespace Checkpointing.Torture.Soak;

/// <summary>Takes checkpoint after checkpoint of one job in one process, and watches what the process holds (promise
/// I10).</summary>
/// <param name="Checkpoints">How many.</param>
/// <param name="WarmUp">Checkpoints before the first sample: pools fill, code is compiled.</param>
/// <param name="Seed">Decides what changes.</param>
/// <param name="IsHeap">The heap backend instead of RocksDB.</param>
internal sealed record SoakRun(int Checkpoints, int WarmUp, ulong Seed, bool IsHeap)
{
    private const int Samples = 180;

    // A sample collects all garbage of the process, several times.
    private const int LeastBetweenSamples = 10;

    /// <summary>Bytes of memory that a checkpoint may leave behind.</summary>
    private const double MaxBytesACheckpoint = 100;

    /// <summary>The command that runs this again.</summary>
    internal string Replay =>
        $"dotnet run -c Release --project tests/Checkpointing.Torture -- soak --checkpoints {Checkpoints} "
        + $"--warm-up {WarmUp} --seed {Seed}{(IsHeap ? " --heap" : "")}";

    /// <summary>Runs it in a folder of its own, which is deleted.</summary>
    internal async Task<TortureReport> RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("checkpointing-soak-");
        try
        {
            return await RunAsync(folder.FullName).ConfigureAwait(false);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private async Task<TortureReport> RunAsync(string folder)
    {
        var report = new TortureReport("soak", Seed);
        var state = new SoakState(Seed);
        var samples = new List<(int Position, ProcessSample Sample)>();
        var milliseconds = new List<double>();
        using var storage = new LocalCheckpointStorage(Path.Combine(folder, "checkpoints"));
        IKeyedStateBackendFactory backend = IsHeap
            ? new HeapBackendFactory()
            : new RocksDbBackendFactory(new RocksDbBackendOptions
            {
                WorkingDirectory = Path.Combine(folder, "work"),
            });
        await using (var job = await EmbeddedCheckpoints.OpenAsync(storage, "soak").ConfigureAwait(false))
        await using (var task = await job.OpenTaskAsync(SoakState.NewTask(backend)).ConfigureAwait(false))
        {
            var every = Math.Max(LeastBetweenSamples, (Checkpoints - WarmUp) / Samples);
            for (var i = 1; i <= Checkpoints; i++)
            {
                state.Step(task, i);
                var started = Stopwatch.GetTimestamp();
                await job.BeginCheckpoint().WaitAsync().ConfigureAwait(false);
                milliseconds.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                if (i >= WarmUp && (i - WarmUp) % every == 0)
                {
                    samples.Add((i, ProcessSample.Take(folder)));
                }
            }
        }

        await using (var job = await EmbeddedCheckpoints.OpenAsync(storage, "soak").ConfigureAwait(false))
        await using (var task = await job.OpenTaskAsync(SoakState.NewTask(backend)).ConfigureAwait(false))
        {
            if (state.FindDifference(task) is { } difference)
            {
                report.Add(new($"after the last checkpoint was restored, {difference}", Replay));
            }
        }

        Report(report, samples, milliseconds);
        return report;
    }

    /// <summary>Judges what the samples say.</summary>
    internal void Report(
        TortureReport report, List<(int Position, ProcessSample Sample)> samples, List<double> milliseconds)
    {
        milliseconds.Sort();
        report.Set("checkpoints", Checkpoints);
        report.Set("samples", samples.Count);
        report.Set("medianMilliseconds", Math.Round(milliseconds[milliseconds.Count / 2], 2));
        report.Set("p99Milliseconds", Math.Round(milliseconds[milliseconds.Count * 99 / 100], 2));
        Check("managedBytes", static sample => sample.ManagedBytes, MaxBytesACheckpoint);
        Check("nativeBytes", static sample => sample.NativeBytes, MaxBytesACheckpoint);

        // Less than one more over the whole run: that is none.
        var none = 1.0 / Math.Max(1, Checkpoints - WarmUp);
        Check("openFiles", static sample => sample.OpenFiles, none);
        Check("threads", static sample => sample.Threads, none);
        Check("filesOnDisk", static sample => sample.FilesOnDisk, none);
        Check("bytesOnDisk", static sample => sample.BytesOnDisk, MaxBytesACheckpoint);

        void Check(string name, Func<ProcessSample, long> of, double bound)
        {
            double[] values = [.. samples.Select(sample => (double)of(sample.Sample))];
            var slope = Trend.Slope([.. samples.Select(static sample => (double)sample.Position)], values);
            report.Set($"{name}.first", (long)values[0]);
            report.Set($"{name}.last", (long)values[^1]);
            report.Set($"{name}.most", (long)values.Max());
            report.Set($"{name}.aCheckpoint", Math.Round(slope, 5));
            if (slope > bound)
            {
                report.Add(new(
                    $"{name} grow by {slope:0.###} a checkpoint; at most {bound:0.####} is allowed", Replay));
            }
        }
    }
}
