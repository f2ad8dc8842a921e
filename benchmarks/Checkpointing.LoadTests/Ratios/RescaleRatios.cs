using Checkpointing.KeyGroups;
using Checkpointing.Storage.Local;

namespace Checkpointing.LoadTests.Ratios;

/// <summary>Rescaling beside reading every row and putting it; digests apart on both sides.</summary>
internal static class RescaleRatios
{
    private const double OutAtLeast = 30;
    private const double InAtLeast = 40;
    private const double UncleanAtLeast = 1;
    private const double GrowthAtMost = 2;
    private const int GrowthFactor = 4;

    private static readonly KeyGroupRange Lower = new(0, (OurState.MaxParallelism / 2) - 1);
    private static readonly KeyGroupRange Upper = new(OurState.MaxParallelism / 2, OurState.MaxParallelism - 1);
    private static readonly KeyGroupRange All = KeyGroupRange.All(OurState.MaxParallelism);

    internal static async Task<Ratio> OutAsync(LoadTestFolder folder, CancellationToken cancellationToken) =>
        Ratio.OfGain(
            "rescale-out",
            await RunAsync(folder, folder.Settings.RowCount, [All], Lower, cancellationToken).ConfigureAwait(false),
            "ms",
            OutAtLeast);

    internal static async Task<Ratio> InAsync(LoadTestFolder folder, CancellationToken cancellationToken) =>
        Ratio.OfGain(
            "rescale-in",
            await RunAsync(folder, folder.Settings.RowCount, [Lower, Upper], All, cancellationToken)
                .ConfigureAwait(false),
            "ms",
            InAtLeast);

    /// <summary>Two halves of one state, not yet free of each other's rows, a tenth of their own written since, become
    /// one again.</summary>
    internal static async Task<Ratio> UncleanAsync(LoadTestFolder folder, CancellationToken cancellationToken)
    {
        var storage = new LocalCheckpointStorage(RawRestore.RootOf(folder));
        var rows = folder.Settings.RowCount;
        var whole = await FillAsync(folder, storage, rows, [All], cancellationToken).ConfigureAwait(false);
        var halves = new List<OurCheckpoint>();
        foreach (var range in new[] { Lower, Upper })
        {
            var half = await OurState.OpenAsync(
                folder, storage, range, whole, cleansUp: false, cancellationToken: cancellationToken)
                .ConfigureAwait(false);
            await using var closing = half.ConfigureAwait(false);
            half.Put(0, rows / 10, 1);
            halves.Add(await half.CheckpointAsync(cancellationToken: cancellationToken).ConfigureAwait(false));
        }

        var pairs = await PairsAsync(folder, storage, halves, All, cancellationToken).ConfigureAwait(false);
        return Ratio.OfGain("rescale-unclean", pairs, "ms", UncleanAtLeast);
    }

    /// <summary>Ours at the size asked for ÷ ours at a quarter of it, which stands under "theirs".</summary>
    internal static async Task<Ratio> GrowthAsync(LoadTestFolder folder, CancellationToken cancellationToken)
    {
        var storage = new LocalCheckpointStorage(RawRestore.RootOf(folder));
        var rows = folder.Settings.RowCount;
        var large = await FillAsync(folder, storage, rows, [Lower, Upper], cancellationToken).ConfigureAwait(false);
        var small = await FillAsync(folder, storage, rows / GrowthFactor, [Lower, Upper], cancellationToken)
            .ConfigureAwait(false);
        var (largeDigests, smallDigests) = (RawRestore.DigestMs(folder, large), RawRestore.DigestMs(folder, small));
        var pairs = await folder.PairsAsync(
            async _ => await OursAsync(folder, storage, large, All, cancellationToken).ConfigureAwait(false)
                - largeDigests,
            async _ => await OursAsync(folder, storage, small, All, cancellationToken).ConfigureAwait(false)
                - smallDigests,
            cancellationToken).ConfigureAwait(false);
        return Ratio.Of("rescale-growth", pairs, "ms", atMost: GrowthAtMost);
    }

    private static async Task<List<(double Ours, double Theirs)>> RunAsync(
        LoadTestFolder folder, int rows, IReadOnlyList<KeyGroupRange> from, KeyGroupRange to,
        CancellationToken cancellationToken)
    {
        var storage = new LocalCheckpointStorage(RawRestore.RootOf(folder));
        var sources = await FillAsync(folder, storage, rows, from, cancellationToken).ConfigureAwait(false);
        return await PairsAsync(folder, storage, sources, to, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<List<(double Ours, double Theirs)>> PairsAsync(
        LoadTestFolder folder, LocalCheckpointStorage storage, IReadOnlyList<OurCheckpoint> sources, KeyGroupRange to,
        CancellationToken cancellationToken)
    {
        return await folder.PairsAsync(
            async _ =>
            {
                // Beside each run, for it depends on what else the machine does and has in its cache.
                var digests = RawRestore.DigestMs(folder, sources);
                var all = await OursAsync(folder, storage, sources, to, cancellationToken).ConfigureAwait(false);
                return all - Math.Min(digests, RawRestore.DigestMs(folder, sources));
            },
            _ => LoadTestFolder.TimeAsync(
                () => RawRestore.ScanAndPutAsync(folder, storage, sources, to, cancellationToken)),
            cancellationToken).ConfigureAwait(false);
    }

    private static Task<double> OursAsync(
        LoadTestFolder folder, LocalCheckpointStorage storage, IReadOnlyList<OurCheckpoint> sources, KeyGroupRange to,
        CancellationToken cancellationToken) =>
        LoadTestFolder.TimeAsync(async () =>
        {
            var state = await OurState.OpenAsync(
                folder, storage, to, sources, cancellationToken: cancellationToken).ConfigureAwait(false);
            await state.DisposeAsync().ConfigureAwait(false);
        });

    private static async Task<List<OurCheckpoint>> FillAsync(
        LoadTestFolder folder, LocalCheckpointStorage storage, int rows, IReadOnlyList<KeyGroupRange> ranges,
        CancellationToken cancellationToken)
    {
        var taken = new List<OurCheckpoint>();
        foreach (var range in ranges)
        {
            var state = await OurState.OpenAsync(folder, storage, range, cancellationToken: cancellationToken)
                .ConfigureAwait(false);
            await using var closing = state.ConfigureAwait(false);
            state.Put(0, rows, 0);
            taken.Add(await state.CheckpointAsync(cancellationToken: cancellationToken).ConfigureAwait(false));
        }

        return taken;
    }
}
