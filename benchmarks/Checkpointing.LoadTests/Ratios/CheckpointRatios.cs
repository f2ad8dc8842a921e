namespace Checkpointing.LoadTests.Ratios;

/// <summary>An incremental checkpoint beside the least that it could cost, and beside RocksDB's own backup.</summary>
internal static class CheckpointRatios
{
    private const double TimeAtMost = 1.15;
    private const double BytesAtMost = 1.01;
    private const double BackupAtMost = 0.5;
    private const double EmptyAtMostMs = 10;
    private const int EmptyCheckpoints = 51;

    // 8 MiB of rows at least: below, the fixed part is what is measured.
    private const int DeltaRows = 100_000;

    /// <summary>Checkpoints of a state that was not written to since the last one.</summary>
    internal static async Task<Ratio> EmptyAsync(LiveState live, CancellationToken cancellationToken)
    {
        var times = new List<double>();
        for (var i = 0; i < EmptyCheckpoints; i++)
        {
            times.Add((await live.Ours.CheckpointAsync(cancellationToken: cancellationToken).ConfigureAwait(false))
                .TotalMs);
        }

        return Ratio.Of("empty-checkpoint", times, "ms", EmptyAtMostMs);
    }

    /// <summary>Time and bytes of the same checkpoints.</summary>
    internal static async Task<(Ratio Time, Ratio Bytes)> RunAsync(LiveState live, CancellationToken cancellationToken)
    {
        var (ourBytes, rawBytes) = (new List<double>(), new List<double>());
        var pairs = await live.Folder.PairsAsync(
            async run =>
            {
                var checkpoint = await TakeAsync(live, run, cancellationToken).ConfigureAwait(false);
                ourBytes.Add(checkpoint.Cost.NewBytes);
                return checkpoint.TotalMs;
            },
            run =>
            {
                PutRaw(live, run);
                var milliseconds = LoadTestFolder.Time(() => rawBytes.Add(live.Raw.FlushAndLink(live.Linked)));
                live.Raw.DropOld(live.Linked);
                return Task.FromResult(milliseconds);
            },
            cancellationToken).ConfigureAwait(false);
        return (
            Ratio.Of("checkpoint", pairs, "ms", atMost: TimeAtMost),
            Ratio.Of("stored-bytes", [.. ourBytes.Zip(rawBytes)], "bytes", atMost: BytesAtMost));
    }

    internal static async Task<Ratio> BackupEngineAsync(LiveState live, CancellationToken cancellationToken)
    {
        using var backups = new BackupEngine(live.Folder.NewPath("backups"));
        backups.Backup(live.Raw);
        var pairs = await live.Folder.PairsAsync(
            async run => (await TakeAsync(live, run, cancellationToken).ConfigureAwait(false)).TotalMs,
            run =>
            {
                PutRaw(live, run);
                return Task.FromResult(LoadTestFolder.Time(() => backups.Backup(live.Raw)));
            },
            cancellationToken).ConfigureAwait(false);
        return Ratio.Of("backup-engine", pairs, "ms", atMost: BackupAtMost);
    }

    private static async Task<OurCheckpoint> TakeAsync(LiveState live, int run, CancellationToken cancellationToken)
    {
        live.Ours.Put(FirstOf(run, live.RowCount), Math.Min(DeltaRows, live.RowCount), run + 1);
        return await live.Ours.CheckpointAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
    }

    private static void PutRaw(LiveState live, int run) =>
        live.Raw.Put(FirstOf(run, live.RowCount), Math.Min(DeltaRows, live.RowCount), run + 1);

    private static int FirstOf(int run, int rows) =>
        rows <= DeltaRows ? 0 : (int)((long)run * DeltaRows % (rows - DeltaRows));
}
