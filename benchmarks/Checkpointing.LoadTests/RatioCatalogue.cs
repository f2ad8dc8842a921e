using System.Text.Json;
using Checkpointing.LoadTests.Ratios;

namespace Checkpointing.LoadTests;

/// <summary>All ratios by name, and the runner.</summary>
internal static class RatioCatalogue
{
    private static readonly (string Name, Func<LoadTestFolder, CancellationToken, Task<Ratio>> Run)[] All =
    [
        ("checkpoint", CheckpointRatios.CheckpointAsync),
        ("stored-bytes", CheckpointRatios.StoredBytesAsync),
        ("blocked", BlockedRatio.RunAsync),
        ("restore", RestoreRatios.RestoreAsync),
        ("rescale-out", RescaleRatios.OutAsync),
        ("rescale-in", RescaleRatios.InAsync),
        ("rescale-unclean", RescaleRatios.UncleanAsync),
        ("rescale-growth", RescaleRatios.GrowthAsync),
        ("import-states", ColumnFamilyRatios.ImportAsync),
        ("create-states", ColumnFamilyRatios.CreateAsync),
        ("get", AccessRatios.GetAsync),
        ("put", AccessRatios.PutAsync),
        ("iterate", AccessRatios.IterateAsync),
        ("ttl-get", TimeToLiveRatios.GetAsync),
        ("ttl-put", TimeToLiveRatios.PutAsync),
        ("ttl-refresh", TimeToLiveRatios.RefreshAsync),
        ("backup-engine", CheckpointRatios.BackupEngineAsync),
        ("throughput", ThroughputRatio.RunAsync),
        ("faster-snapshot", FasterRatios.SnapshotAsync),
        ("faster-fold-over", FasterRatios.FoldOverAsync),
    ];

    internal static IEnumerable<string> Names => All.Select(static one => one.Name);

    /// <summary>Runs and prints; 1 if a bound was missed.</summary>
    internal static async Task<int> RunAsync(
        IReadOnlyList<string> names, LoadTestSettings settings, bool isJson, CancellationToken cancellationToken)
    {
        var missed = 0;
        foreach (var (name, run) in All.Where(one => names.Contains(one.Name)))
        {
            using var folder = new LoadTestFolder(settings, name);
            var ratio = await run(folder, cancellationToken).ConfigureAwait(false);
            missed += ratio.Met == false ? 1 : 0;
            Console.WriteLine(isJson
                ? JsonSerializer.Serialize(ratio, RatioJson.Default.Ratio)
                : Describe(ratio));
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
