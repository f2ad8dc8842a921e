using Checkpointing.Storage.Local;

namespace Checkpointing.LoadTests.Ratios;

/// <summary>Restoring the same key groups beside linking and importing the same files; digests apart.</summary>
internal static class RestoreRatios
{
    private const double AtMost = 1.2;

    internal static async Task<Ratio> RestoreAsync(LoadTestFolder folder, CancellationToken cancellationToken)
    {
        var storage = new LocalCheckpointStorage(RawRestore.RootOf(folder));
        OurCheckpoint checkpoint;
        var state = await OurState.OpenAsync(folder, storage, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        await using (state.ConfigureAwait(false))
        {
            state.Put(0, folder.Settings.RowCount, 0);
            checkpoint = await state.CheckpointAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        }

        var digests = Ratio.Median(Enumerable.Range(0, 3).Select(_ => RawRestore.DigestMs(folder, [checkpoint])));
        var pairs = await folder.PairsAsync(
            async _ => await LoadTestFolder.TimeAsync(async () =>
            {
                var restored = await OurState.OpenAsync(
                    folder, storage, from: [checkpoint], cancellationToken: cancellationToken).ConfigureAwait(false);
                await restored.DisposeAsync().ConfigureAwait(false);
            }).ConfigureAwait(false) - digests,
            _ => LoadTestFolder.TimeAsync(async () =>
            {
                var (database, _) = await RawRestore.ImportAsync(folder, storage, checkpoint, cancellationToken)
                    .ConfigureAwait(false);
                database.Dispose();
            }),
            cancellationToken).ConfigureAwait(false);
        return Ratio.Of("restore", pairs, "ms", atMost: AtMost);
    }
}
