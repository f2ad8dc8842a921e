using System.Runtime.CompilerServices;
using Checkpointing.Storage.Local;

namespace Checkpointing.LoadTests.Ratios;

/// <summary>Making one state of two halves, beside reading every row and putting it; digests apart.</summary>
internal static class HalvesRestoreRatios
{
    internal static readonly string[] Names = ["rescale-in", "rescale-growth", "rescale-unclean"];

    private const double InAtLeast = 40;
    private const double UncleanAtLeast = 1;
    private const double GrowthAtMost = 2;
    private const int GrowthFactor = 4;

    internal static async IAsyncEnumerable<Ratio> RunAsync(
        LoadTestFolder folder, IReadOnlySet<string> wanted,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var storage = new LocalCheckpointStorage(RawRestore.RootOf(folder));
        if (wanted.Contains("rescale-in") || wanted.Contains("rescale-growth"))
        {
            var halves = await RescaleSources.FillAsync(
                folder, storage, folder.Settings.RowCount, [RescaleSources.Lower, RescaleSources.Upper],
                cancellationToken).ConfigureAwait(false);
            if (wanted.Contains("rescale-in"))
            {
                var pairs = await RescaleSources.PairsAsync(
                    folder, storage, halves, RescaleSources.All, cancellationToken).ConfigureAwait(false);
                yield return Ratio.OfGain("rescale-in", pairs, "ms", InAtLeast);
            }

            if (wanted.Contains("rescale-growth"))
            {
                yield return await GrowthAsync(folder, storage, halves, cancellationToken).ConfigureAwait(false);
            }
        }

        if (wanted.Contains("rescale-unclean"))
        {
            yield return await UncleanAsync(folder, storage, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Ours at the size asked for ÷ ours at a quarter of it, which stands under "theirs".</summary>
    private static async Task<Ratio> GrowthAsync(
        LoadTestFolder folder, LocalCheckpointStorage storage, IReadOnlyList<OurCheckpoint> large,
        CancellationToken cancellationToken)
    {
        var small = await RescaleSources.FillAsync(
            folder, storage, folder.Settings.RowCount / GrowthFactor, [RescaleSources.Lower, RescaleSources.Upper],
            cancellationToken).ConfigureAwait(false);
        var pairs = await folder.PairsAsync(
            _ => RescaleSources.OursAsync(folder, storage, large, RescaleSources.All, cancellationToken),
            _ => RescaleSources.OursAsync(folder, storage, small, RescaleSources.All, cancellationToken),
            cancellationToken).ConfigureAwait(false);
        return Ratio.Of("rescale-growth", pairs, "ms", atMost: GrowthAtMost);
    }

    /// <summary>Two halves of one state, not yet free of each other's rows, a tenth of their own written since, become
    /// one again.</summary>
    private static async Task<Ratio> UncleanAsync(
        LoadTestFolder folder, LocalCheckpointStorage storage, CancellationToken cancellationToken)
    {
        var rows = folder.Settings.RowCount;
        var whole = await RescaleSources.FillAsync(folder, storage, rows, [RescaleSources.All], cancellationToken)
            .ConfigureAwait(false);
        var halves = new List<OurCheckpoint>();
        foreach (var range in new[] { RescaleSources.Lower, RescaleSources.Upper })
        {
            var half = await OurState.OpenAsync(
                folder, storage, range, whole, cleansUp: false, cancellationToken: cancellationToken)
                .ConfigureAwait(false);
            await using var closing = half.ConfigureAwait(false);
            half.Put(0, rows / 10, 1);
            halves.Add(await half.CheckpointAsync(cancellationToken: cancellationToken).ConfigureAwait(false));
        }

        var pairs = await RescaleSources.PairsAsync(folder, storage, halves, RescaleSources.All, cancellationToken)
            .ConfigureAwait(false);
        return Ratio.OfGain("rescale-unclean", pairs, "ms", UncleanAtLeast);
    }
}
