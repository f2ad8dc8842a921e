using System.Runtime.CompilerServices;
using Checkpointing.RocksDb;
using Checkpointing.RocksDb.Native;
using Checkpointing.Storage.Local;

namespace Checkpointing.LoadTests.Ratios;

/// <summary>Restoring from one checkpoint: all of it, up to its first row, half of its key groups. Digests apart, and
/// without closing and removing what was restored.</summary>
internal static class WholeRestoreRatios
{
    internal static readonly string[] Names = ["restore", "first-row", "rescale-out"];

    private const double RestoreAtMost = 1.2;
    private const double FirstRowAtMostMs = 150;
    private const long FirstRowBoundBytes = 1L << 30;
    private const double OutAtLeast = 30;

    internal static async IAsyncEnumerable<Ratio> RunAsync(
        LoadTestFolder folder, IReadOnlySet<string> wanted,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var storage = new LocalCheckpointStorage(RawRestore.RootOf(folder));
        var whole = await RescaleSources.FillAsync(
            folder, storage, folder.Settings.RowCount, [RescaleSources.All], cancellationToken).ConfigureAwait(false);
        if (wanted.Contains("restore"))
        {
            yield return await RestoreAsync(folder, storage, whole, cancellationToken).ConfigureAwait(false);
        }

        if (wanted.Contains("first-row"))
        {
            yield return await FirstRowAsync(folder, storage, whole, cancellationToken).ConfigureAwait(false);
        }

        if (wanted.Contains("rescale-out"))
        {
            var pairs = await RescaleSources.PairsAsync(
                folder, storage, whole, RescaleSources.Lower, cancellationToken).ConfigureAwait(false);
            yield return Ratio.OfGain("rescale-out", pairs, "ms", OutAtLeast);
        }
    }

    private static async Task<Ratio> RestoreAsync(
        LoadTestFolder folder, LocalCheckpointStorage storage, List<OurCheckpoint> whole,
        CancellationToken cancellationToken)
    {
        var (ours, inMemory) = (new List<double>(), new List<double>());
        var pairs = await folder.PairsAsync(
            async _ =>
            {
                ours.Add(await RescaleSources.OursAsync(folder, storage, whole, RescaleSources.All, cancellationToken)
                    .ConfigureAwait(false));
                return ours[^1];
            },
            async _ =>
            {
                inMemory.Add(await ImportAsync(folder, storage, whole, isInMemory: true, cancellationToken)
                    .ConfigureAwait(false));
                return await ImportAsync(folder, storage, whole, isInMemory: false, cancellationToken)
                    .ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
        return Ratio.Of("restore", pairs, "ms", atMost: RestoreAtMost) with
        {
            Note = FormattableString.Invariant(
                $"link and import with bookkeeping in memory, as ours: {Ratio.Median(inMemory):F1} ms, ratio ")
                + FormattableString.Invariant(
                $"{Ratio.Median(ours.Zip(inMemory, static (one, other) => one / other)):F2}"),
        };
    }

    private static async Task<double> ImportAsync(
        LoadTestFolder folder, LocalCheckpointStorage storage, List<OurCheckpoint> whole, bool isInMemory,
        CancellationToken cancellationToken)
    {
        RocksDatabase? database = null;
        var milliseconds = await LoadTestFolder.TimeAsync(async () =>
        {
            (database, _) = await RawRestore.ImportAsync(folder, storage, whole[0], cancellationToken, isInMemory)
                .ConfigureAwait(false);

            // Ours has this state too; it is empty.
            database.CreateColumnFamily(RocksDbBackendScope.ColumnFamilyName("map"));
        }).ConfigureAwait(false);
        database!.Dispose();
        return milliseconds;
    }

    private static async Task<Ratio> FirstRowAsync(
        LoadTestFolder folder, LocalCheckpointStorage storage, List<OurCheckpoint> whole,
        CancellationToken cancellationToken)
    {
        var times = new List<double>();
        for (var run = 0; run < folder.Settings.Runs; run++)
        {
            times.Add(await RescaleSources.OursAsync(
                folder, storage, whole, RescaleSources.All, cancellationToken,
                state =>
                {
                    using var scope = state.State.Keyed.EnterKey(Rows.Key(run));
                    return state.Values.TryGetBytes(out var value) && value.Length == Rows.ValueBytes;
                }).ConfigureAwait(false));
        }

        return Ratio.Of(
            "first-row", times, "ms",
            folder.Settings.StateBytes <= FirstRowBoundBytes ? FirstRowAtMostMs : null);
    }
}
