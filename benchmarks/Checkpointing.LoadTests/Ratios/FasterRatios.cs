using Checkpointing.Storage.Local;
using FASTER.core;

namespace Checkpointing.LoadTests.Ratios;

/// <summary>An incremental checkpoint of ours beside one of FASTER over the same rows and the same change.</summary>
internal static class FasterRatios
{
    private const int DeltaRows = 50_000;

    internal static Task<Ratio> SnapshotAsync(LoadTestFolder folder, CancellationToken cancellationToken) =>
        RunAsync("faster-snapshot", folder, CheckpointType.Snapshot, atMost: 1, cancellationToken);

    internal static Task<Ratio> FoldOverAsync(LoadTestFolder folder, CancellationToken cancellationToken) =>
        RunAsync("faster-fold-over", folder, CheckpointType.FoldOver, atMost: null, cancellationToken);

    private static async Task<Ratio> RunAsync(
        string name, LoadTestFolder folder, CheckpointType type, double? atMost, CancellationToken cancellationToken)
    {
        var rows = folder.Settings.RowCount;
        var delta = Math.Min(DeltaRows, rows);
        var storage = new LocalCheckpointStorage(RawRestore.RootOf(folder));
        var ours = await OurState.OpenAsync(folder, storage, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        await using var closing = ours.ConfigureAwait(false);
        using var theirs = new FasterState(folder.NewPath("faster"), folder.Settings.StateBytes);
        ours.Put(0, rows, 0);
        theirs.Put(0, rows, 0);
        await ours.CheckpointAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        await theirs.CheckpointAsync(type, isIncremental: false, cancellationToken).ConfigureAwait(false);
        var pairs = await folder.PairsAsync(
            async run =>
            {
                ours.Put(run * delta % Math.Max(rows - delta, 1), delta, run + 1);
                return (await ours.CheckpointAsync(cancellationToken: cancellationToken).ConfigureAwait(false)).TotalMs;
            },
            async run =>
            {
                theirs.Put(run * delta % Math.Max(rows - delta, 1), delta, run + 1);
                return await LoadTestFolder.TimeAsync(
                    () => theirs.CheckpointAsync(type, type == CheckpointType.Snapshot, cancellationToken))
                    .ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
        return Ratio.Of(name, pairs, "ms", atMost: atMost);
    }
}
