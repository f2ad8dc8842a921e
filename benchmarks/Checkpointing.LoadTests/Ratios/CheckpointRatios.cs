namespace Checkpointing.LoadTests.Ratios;

/// <summary>An incremental checkpoint beside the least that it could cost, and beside RocksDB's own backup.</summary>
internal static class CheckpointRatios
{
    private const double TimeAtMost = 1.15;
    private const double BytesAtMost = 1.01;
    private const double BackupAtMost = 0.5;
    private const double EmptyAtMostMs = 10;
    private const int EmptyCheckpoints = 51;
    private const int MaxRounds = 4;

    // Names of files differ in length, and with them the blocks of properties.
    private const double MaxDifference = 0.01;

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
    /// <remarks>A compaction that ended since the last checkpoint makes the delta ten times as large, on either side
    /// and by chance. The bound is about the same files, so times of a pair count where both stored as much; bytes
    /// count in all pairs.</remarks>
    internal static async Task<(Ratio Time, Ratio Bytes)> RunAsync(LiveState live, CancellationToken cancellationToken)
    {
        var (ourBytes, rawBytes) = (new List<double>(), new List<double>());
        var (alike, all) = (new List<(double, double)>(), 0);
        for (var round = 0; round < MaxRounds && alike.Count < live.Folder.Settings.Runs; round++)
        {
            var first = all;
            var pairs = await live.Folder.PairsAsync(
                async run =>
                {
                    var checkpoint = await TakeAsync(live, first + run, cancellationToken).ConfigureAwait(false);
                    ourBytes.Add(checkpoint.Cost.NewBytes);
                    return checkpoint.TotalMs;
                },
                run =>
                {
                    PutRaw(live, first + run);
                    var milliseconds = LoadTestFolder.Time(() => rawBytes.Add(live.Raw.FlushAndLink(live.Linked)));
                    live.Raw.DropOld(live.Linked);
                    return Task.FromResult(milliseconds);
                },
                cancellationToken).ConfigureAwait(false);
            alike.AddRange(pairs.Where((_, run) => Math.Abs((ourBytes[first + run] / rawBytes[first + run]) - 1)
                <= MaxDifference));
            all += pairs.Count;
        }

        var times = alike.Count > 0
            ? alike
            : throw new InvalidOperationException(
                $"In none of {all} pairs of checkpoints did both sides store as much.");
        return (
            Ratio.Of("checkpoint", times, "ms", atMost: TimeAtMost) with
            {
                Note = $"pairs of the same delta; {all} were taken",
            },
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
