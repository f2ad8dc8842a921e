using Checkpointing.Storage.Local;

namespace Checkpointing.LoadTests.Ratios;

/// <summary>An incremental checkpoint beside the least that it could cost, and beside RocksDB's own backup.</summary>
internal static class CheckpointRatios
{
    private const double TimeAtMost = 1.15;
    private const double BytesAtMost = 1.01;
    private const double BackupAtMost = 0.5;

    // 8 MiB of rows at least: below, the fixed part is what is measured.
    private const int DeltaRows = 100_000;

    internal static async Task<Ratio> CheckpointAsync(LoadTestFolder folder, CancellationToken cancellationToken)
    {
        var pairs = await RunAsync(
            folder,
            static checkpoint => checkpoint.TotalMs,
            (raw, target) => LoadTestFolder.Time(() => raw.FlushAndLink(target)),
            cancellationToken).ConfigureAwait(false);
        return Ratio.Of("checkpoint", pairs, "ms", atMost: TimeAtMost);
    }

    internal static async Task<Ratio> StoredBytesAsync(LoadTestFolder folder, CancellationToken cancellationToken)
    {
        var pairs = await RunAsync(
            folder,
            static checkpoint => checkpoint.Cost.NewBytes,
            static (raw, target) => raw.FlushAndLink(target),
            cancellationToken).ConfigureAwait(false);
        return Ratio.Of("stored-bytes", pairs, "bytes", atMost: BytesAtMost);
    }

    internal static async Task<Ratio> BackupEngineAsync(LoadTestFolder folder, CancellationToken cancellationToken)
    {
        using var raw = new RawDatabase(folder, "raw");
        using var backups = new BackupEngine(folder.NewPath("backups"));
        raw.Put(0, folder.Settings.RowCount, 0);
        backups.Backup(raw);
        var pairs = await RunAsync(
            folder,
            raw,
            static checkpoint => checkpoint.TotalMs,
            (database, _) => LoadTestFolder.Time(() => backups.Backup(database)),
            cancellationToken).ConfigureAwait(false);
        return Ratio.Of("backup-engine", pairs, "ms", atMost: BackupAtMost);
    }

    private static async Task<List<(double Ours, double Theirs)>> RunAsync(
        LoadTestFolder folder, Func<OurCheckpoint, double> ours, Func<RawDatabase, string, double> theirs,
        CancellationToken cancellationToken)
    {
        using var raw = new RawDatabase(folder, "raw");
        raw.Put(0, folder.Settings.RowCount, 0);
        raw.FlushAndLink(folder.NewPath("linked"));
        return await RunAsync(folder, raw, ours, theirs, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<List<(double Ours, double Theirs)>> RunAsync(
        LoadTestFolder folder, RawDatabase raw, Func<OurCheckpoint, double> ours,
        Func<RawDatabase, string, double> theirs, CancellationToken cancellationToken)
    {
        var rows = folder.Settings.RowCount;
        var storage = new LocalCheckpointStorage(RawRestore.RootOf(folder));
        var state = await OurState.OpenAsync(folder, storage, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        await using var closing = state.ConfigureAwait(false);
        state.Put(0, rows, 0);
        await state.CheckpointAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        return await folder.PairsAsync(
            async run =>
            {
                state.Put(FirstOf(run, rows), Math.Min(DeltaRows, rows), run + 1);
                return ours(await state.CheckpointAsync(cancellationToken: cancellationToken).ConfigureAwait(false));
            },
            run =>
            {
                raw.Put(FirstOf(run, rows), Math.Min(DeltaRows, rows), run + 1);
                return Task.FromResult(theirs(raw, folder.NewPath("linked")));
            },
            cancellationToken).ConfigureAwait(false);
    }

    private static int FirstOf(int run, int rows) =>
        rows <= DeltaRows ? 0 : (int)((long)run * DeltaRows % (rows - DeltaRows));
}
