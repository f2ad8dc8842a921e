using System.Diagnostics;
using System.Runtime.CompilerServices;
using Checkpointing.Hosting;
using Checkpointing.LoadTests.SumJobs;
using Checkpointing.RocksDb;
using Checkpointing.Storage.InMemory;
using Checkpointing.Storage.Local;

namespace Checkpointing.LoadTests.Ratios;

/// <summary>The in-process host: what checkpoints cost a running job, and how fast it is beside other ways to do the
/// same job.</summary>
internal static class HostRatios
{
    internal static readonly string[] Names = ["host-throughput", "host-pause", "host-heap"];

    private const double ThroughputAtLeast = 0.95;
    private const double PauseAtMost = 10;
    private const int HeapKeys = 100_000;
    private const long HeapRecords = 4_000_000;
    private const int Checkpoints = 1_000;

    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan LongTime = TimeSpan.FromMinutes(3);

    internal static async IAsyncEnumerable<Ratio> RunAsync(
        LoadTestFolder folder, IReadOnlySet<string> wanted,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        (string Name, Func<LoadTestFolder, CancellationToken, Task<Ratio>> Run)[] all =
            [(Names[0], ThroughputAsync), (Names[1], PauseAsync), (Names[2], HeapAsync)];
        foreach (var (name, run) in all)
        {
            if (wanted.Contains(name))
            {
                yield return await run(folder, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Records a second through keyBy and a sum in RocksDB, with a checkpoint every second ÷ without
    /// any.</summary>
    private static async Task<Ratio> ThroughputAsync(LoadTestFolder folder, CancellationToken cancellationToken)
    {
        var pairs = await folder.PairsAsync(
            _ => RateAsync(TimeSpan.FromSeconds(1)), _ => RateAsync(null), cancellationToken, mayEndEarly: false)
            .ConfigureAwait(false);
        return Ratio.Of(Names[0], pairs, "records/s", atLeast: ThroughputAtLeast);

        async Task<double> RateAsync(TimeSpan? interval)
        {
            using var stop = new CancellationTokenSource();
            await using var bed = new Bed(folder);
            var source = new CountingSource(folder.Settings.RowCount, long.MaxValue, stop.Token);
            await using var run = await bed.Host.StartAsync(
                SumJob.Define(source), Options(interval), cancellationToken).ConfigureAwait(false);

            // The database fills first: one that grows is slower at its end.
            await LoadTestFolder.SettleAsync(TimeSpan.FromSeconds(2), cancellationToken).ConfigureAwait(false);
            var (start, read) = (Stopwatch.GetTimestamp(), run.ElementsRead);
            await Task.Delay(Duration, cancellationToken).ConfigureAwait(false);
            var rate = (run.ElementsRead - read) / Stopwatch.GetElapsedTime(start).TotalSeconds;
            await stop.CancelAsync().ConfigureAwait(false);
            await run.CancelAsync(cancellationToken).ConfigureAwait(false);
            return rate;
        }
    }

    /// <summary>The longest time between two records of a subtask while a checkpoint is taken: "ours" is the 99th
    /// percentile over checkpoints one after the other, "theirs" the 99.9th.</summary>
    private static async Task<Ratio> PauseAsync(LoadTestFolder folder, CancellationToken cancellationToken)
    {
        using var stop = new CancellationTokenSource();
        await using var bed = new Bed(folder);
        var meter = new PauseMeter();
        await using var run = await bed.Host.StartAsync(
            SumJob.Define(new(folder.Settings.RowCount, long.MaxValue, stop.Token), meter), Options(null),
            cancellationToken).ConfigureAwait(false);
        var (with, without) = (new List<double>(), new List<double>());
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < Checkpoints && Stopwatch.GetElapsedTime(start) < LongTime; i++)
        {
            meter.TakeLongestMs();
            var began = Stopwatch.GetTimestamp();
            await run.TriggerCheckpointAsync(cancellationToken).ConfigureAwait(false);
            var took = Stopwatch.GetElapsedTime(began);
            with.Add(meter.TakeLongestMs());

            // As long again with nothing done: what the machine itself does.
            var wait = took < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : took;
            await Task.Delay(wait, cancellationToken).ConfigureAwait(false);
            without.Add(meter.TakeLongestMs());
        }

        await stop.CancelAsync().ConfigureAwait(false);
        await run.CancelAsync(cancellationToken).ConfigureAwait(false);
        var (p99, p999) = (Ratio.Percentile(with, 0.99), Ratio.Percentile(with, 0.999));
        return Ratio.Of(Names[1], [p99], "ms", PauseAtMost) with
        {
            Theirs = p999,
            Runs = with.Count,
            Note = FormattableString.Invariant(
                $"p50 {Ratio.Median(with):F2} ms, p99 {p99:F2}, p99.9 {p999:F2}, max {with.Max():F2}; without a ")
                + FormattableString.Invariant(
                $"checkpoint p50 {Ratio.Median(without):F2}, p99 {Ratio.Percentile(without, 0.99):F2}, ")
                + FormattableString.Invariant(
                $"p99.9 {Ratio.Percentile(without, 0.999):F2}"),
        };
    }

    /// <summary>Records a second on the heap ÷ those of a loop over channels; and of Akka.Streams.</summary>
    private static async Task<Ratio> HeapAsync(LoadTestFolder folder, CancellationToken cancellationToken)
    {
        var akka = new List<double>();
        var pairs = await folder.PairsAsync(
            _ => RateAsync(() => HostAsync(cancellationToken)),
            async _ =>
            {
                akka.Add(await RateAsync(() => AkkaLoop.RunAsync(HeapKeys, HeapRecords)).ConfigureAwait(false));
                return await RateAsync(() => ChannelLoop.RunAsync(HeapKeys, HeapRecords)).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
        return Ratio.Of(Names[2], pairs, "records/s") with
        {
            Note = FormattableString.Invariant(
                $"Akka.Streams {Ratio.Median(akka):F0} records/s; ours ÷ Akka's ")
                + FormattableString.Invariant(
                $"{Ratio.Median(pairs.Zip(akka, static (pair, other) => pair.Ours / other)):F2}"),
        };
    }

    private static async Task<double> RateAsync(Func<Task> run) =>
        HeapRecords / (await LoadTestFolder.TimeAsync(run).ConfigureAwait(false) / 1_000);

    private static async Task HostAsync(CancellationToken cancellationToken)
    {
        await using var host = new InProcessHostBuilder(new InMemoryCheckpointStorage()).Build();
        await using var run = await host.StartAsync(
            SumJob.Define(new(HeapKeys, HeapRecords)), Options(null), cancellationToken).ConfigureAwait(false);
        await run.Completion.ConfigureAwait(false);
    }

    private static StartOptions Options(TimeSpan? interval) => new()
    {
        Parallelism = SumJob.Subtasks,
        Retention = CheckpointRetention.OnFailure,
        Checkpoints = { Interval = interval },
    };

    /// <summary>A host over RocksDB and a local storage.</summary>
    private sealed class Bed : IAsyncDisposable
    {
        private readonly LocalCheckpointStorage _storage;

        internal Bed(LoadTestFolder folder)
        {
            _storage = new(folder.NewPath("checkpoints"));
            Host = new InProcessHostBuilder(_storage)
                .WithBackend(new RocksDbBackendFactory(new() { WorkingDirectory = folder.NewPath("work") })).Build();
        }

        internal InProcessHost Host { get; }

        public async ValueTask DisposeAsync()
        {
            await Host.DisposeAsync().ConfigureAwait(false);
            _storage.Dispose();
        }
    }
}
