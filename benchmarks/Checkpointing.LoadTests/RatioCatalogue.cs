using System.Text.Json;
using Checkpointing.LoadTests.Ratios;

namespace Checkpointing.LoadTests;

/// <summary>All ratios by name, and the runner.</summary>
internal static class RatioCatalogue
{
    private static readonly RatioGroup[] All =
    [
        new(LiveRatios.Names, LiveRatios.RunAsync),
        new(WholeRestoreRatios.Names, WholeRestoreRatios.RunAsync),
        new(HalvesRestoreRatios.Names, HalvesRestoreRatios.RunAsync),
        RatioGroup.Of("import-states", ColumnFamilyRatios.ImportAsync),
        RatioGroup.Of("create-states", ColumnFamilyRatios.CreateAsync),
        RatioGroup.Of("iterate", AccessRatios.IterateAsync),
        RatioGroup.Of("reduce", ReductionRatios.AddAsync),
        RatioGroup.Of("reduce-hot", ReductionRatios.AddHotAsync),
        RatioGroup.Of("reduce-read", ReductionRatios.ReadAsync),
        RatioGroup.Of("ttl-get", TimeToLiveRatios.GetAsync),
        RatioGroup.Of("ttl-put", TimeToLiveRatios.PutAsync),
        RatioGroup.Of("ttl-refresh", TimeToLiveRatios.RefreshAsync),
        RatioGroup.Of("verify", VerifyRatio.RunAsync),
        new(FasterRatios.Names, FasterRatios.RunAsync),
        new(HostRatios.Names, HostRatios.RunAsync),
    ];

    internal static IEnumerable<string> Names => All.SelectMany(static group => group.Names);

    /// <summary>Runs and prints; 1 if a bound was missed.</summary>
    internal static async Task<int> RunAsync(
        IReadOnlyList<string> names, LoadTestSettings settings, bool isJson, CancellationToken cancellationToken)
    {
        var missed = 0;
        foreach (var group in All)
        {
            var wanted = group.Names.Intersect(names).ToHashSet(StringComparer.Ordinal);
            if (wanted.Count == 0)
            {
                continue;
            }

            using var folder = new LoadTestFolder(settings, group.Names[0]);
            await foreach (var ratio in group.Run(folder, wanted, cancellationToken).ConfigureAwait(false))
            {
                missed += ratio.Met == false ? 1 : 0;
                Console.WriteLine(isJson
                    ? JsonSerializer.Serialize(ratio, RatioJson.Default.Ratio)
                    : Describe(ratio));
            }
        }

        return missed == 0 ? 0 : 1;
    }

    private static string Describe(Ratio ratio)
    {
        var verdict = ratio.Met switch { true => " (met)", false => " (MISSED)", _ => "" };
        var theirs = ratio.Theirs is { } other ? FormattableString.Invariant($", theirs {other} {ratio.Unit}") : "";
        return FormattableString.Invariant($"{ratio.Name,-16} {ratio.Value,10} [{ratio.Min} to {ratio.Max}, ")
            + FormattableString.Invariant($"{ratio.Runs} runs]  bound {ratio.Bound ?? "none"}{verdict}  ")
            + FormattableString.Invariant($"ours {ratio.Ours} {ratio.Unit}{theirs}")
            + (ratio.Note is { } note ? $"; {note}" : "");
    }
}
