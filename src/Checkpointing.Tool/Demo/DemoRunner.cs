// Counts the rows of the output.
#pragma warning disable RS0030
using Checkpointing.CompletedCheckpoints;
using Checkpointing.Hosting;
using Checkpointing.RocksDb;
using Checkpointing.State;
using Checkpointing.State.Heap;

namespace Checkpointing.Tool.Demo;

/// <summary>Runs the generations, one after the other, each a new job that starts from the last one's
/// checkpoint.</summary>
internal sealed class DemoRunner(DemoOptions options, DemoView view)
{
    // Keeps the seeds of two processes in one folder, and of two generations, apart.
    private const ulong SeedStep = 0x9E37_79B9_7F4A_7C15;

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);

    private readonly TimeProvider _time = TimeProvider.System;

    /// <summary>Runs to the end.</summary>
    /// <param name="cancellationToken">Stops the job; completed checkpoints stay.</param>
    /// <exception cref="ToolException">The input or the folder cannot be used.</exception>
    /// <exception cref="CheckpointingException">The run failed; completed checkpoints stay.</exception>
    public async Task<DemoReport> RunAsync(CancellationToken cancellationToken)
    {
        var input = FlightInput.Load(options.Input);
        _ = input.MaxOutOfOrderness(options.Replays);
        var folder = await DemoFolder.TakeAsync(
            options.Folder, options.ZooKeeper, IdsOf(0), _time, cancellationToken).ConfigureAwait(false);
        await using (folder.ConfigureAwait(false))
        {
            view.Started(options, input);
            var backend = CreateBackend();
            var generations = await RunGenerationsAsync(
                input, folder, backend, cancellationToken).ConfigureAwait(false);
            var origins = await StoredTotals
                .ReadAsync(
                    folder.Storage, generations[^1].CheckpointPath, backend, cancellationToken).ConfigureAwait(false);
            return new(
                (long)input.Count * options.Replays, generations, origins,
                File.ReadLines(options.Output).LongCount(), options.Output);
        }
    }

    private async Task<List<GenerationReport>> RunGenerationsAsync(
        FlightInput input, DemoFolder folder, IKeyedStateBackendFactory backend, CancellationToken cancellationToken)
    {
        var reached = options.Resume
            ? await folder.FindNewestGenerationAsync(cancellationToken).ConfigureAwait(false)
            : 0;
        if (reached == 0)
        {
            await folder.StartOverAsync(cancellationToken).ConfigureAwait(false);
        }

        // A run of more generations may have been resumed with fewer: its newest one is then the last.
        var last = Math.Max(reached, options.Generations);
        var reports = new List<GenerationReport>();
        for (var generation = Math.Max(1, reached); generation <= last; generation++)
        {
            var start = new StartOptions
            {
                Name = DemoFolder.JobOf(generation),
                Parallelism = options.ParallelismOf(generation),
                Retention = CheckpointRetention.OnCancellation,
                FinishAtEndOfInput = false,
                ResumeFrom = reports.Count > 0 ? reports[^1].CheckpointPath : null,
                IgnoreOwnCheckpoints = generation != reached,
            };
            start.Checkpoints.Interval = options.Interval;
            var end = (long)input.Count * options.Replays;
            var target = generation == last ? end : end * generation / options.Generations;
            var context = new GenerationContext(input, folder, backend, start, target, generation == last, generation);
            reports.Add(await RunGenerationAsync(context, cancellationToken).ConfigureAwait(false));
        }

        return reports;
    }

    private async Task<GenerationReport> RunGenerationAsync(
        GenerationContext context, CancellationToken cancellationToken)
    {
        var (folder, start) = (context.Folder, context.Start);
        var progress = new SourceProgress();
        var job = FlightsJob.Define(context.Input, options, context.IsLast ? null : context.Target, progress);
        var host = new InProcessHostBuilder(folder.Storage)
            .WithRegister(folder.Register)
            .WithBackend(context.Backend)
            .WithTimeProvider(_time)
            .WithIdSource(IdsOf((folder.Epoch * 10_000) + context.Generation))
            .Build();
        await using (host.ConfigureAwait(false))
        {
            var run = await host.StartAsync(job, start, cancellationToken).ConfigureAwait(false);
            view.GenerationStarted(
                start.Name!, start.Parallelism, run.RestoredFrom, progress.Restored,
                Math.Max(progress.Restored, context.Target));
            await WatchAsync(run, context, progress, cancellationToken).ConfigureAwait(false);
            var checkpoint = await run.TriggerCheckpointAsync(cancellationToken).ConfigureAwait(false);

            // Not cut off: it commits what the checkpoint holds.
            await run.CancelAsync(CancellationToken.None).ConfigureAwait(false);

            // A periodic one may have come after it and pushed it out; the source stood still, so it is the same cut.
            var report = Describe(run, start, run.LatestCheckpoint ?? checkpoint, progress);
            view.GenerationEnded(report);
            cancellationToken.ThrowIfCancellationRequested();
            return report;
        }
    }

    /// <summary>Waits until the source is where this generation ends, shows how far it is, and looks out for a newer
    /// process.</summary>
    private async Task WatchAsync(
        RunningJob run, GenerationContext context, SourceProgress progress, CancellationToken cancellationToken)
    {
        var reached = context.IsLast
            ? run.WaitForEndOfInputAsync(cancellationToken)
            : run.WaitForSourceIdleAsync(cancellationToken);
        do
        {
            await context.Folder.CheckOwnershipAsync(cancellationToken).ConfigureAwait(false);
            view.Progressed(progress.Position);
            await Task.WhenAny(reached, Task.Delay(LookInterval, _time, cancellationToken)).ConfigureAwait(false);
        }
        while (!reached.IsCompleted);

        // A job that failed ends the wait as well.
        if (run.Completion.IsCompleted)
        {
            await run.Completion.ConfigureAwait(false);
        }

        await reached.ConfigureAwait(false);
        view.Progressed(progress.Position);
    }

    private static GenerationReport Describe(
        RunningJob run, StartOptions start, CompletedCheckpoint checkpoint, SourceProgress progress) => new(
        start.Name!,
        start.Parallelism,
        run.RestoredFrom,
        checkpoint.Id.Value,
        checkpoint.Path,
        checkpoint.Duration.TotalMilliseconds,
        checkpoint.Cost.NewBytes,
        checkpoint.Cost.NewFiles,
        checkpoint.Cost.ReusedBytes,
        checkpoint.Cost.ReusedFiles,
        run.RestoreDuration.TotalMilliseconds,
        progress.Position - progress.Restored);

    private IKeyedStateBackendFactory CreateBackend() => options.Backend == DemoBackend.Heap
        ? new HeapBackendFactory()
        : new RocksDbBackendFactory(new()
        {
            WorkingDirectory = Path.Combine(options.Folder, "work"),
            Snapshots = options.IsIncremental ? RocksDbSnapshotMode.Incremental : RocksDbSnapshotMode.Full,
        });

    private IdSource IdsOf(long number) =>
        options.Seed is { } seed ? IdSource.FromSeed(seed + ((ulong)number * SeedStep)) : IdSource.System;

    private sealed record GenerationContext(
        FlightInput Input,
        DemoFolder Folder,
        IKeyedStateBackendFactory Backend,
        StartOptions Start,
        long Target,
        bool IsLast,
        int Generation);
}
