using System.CommandLine;
using System.Globalization;

namespace Checkpointing.LoadTests;

/// <summary>The door to all load tests: measures ours beside something raw in the same run and prints the
/// ratio.</summary>
internal static class LoadTestCommandLine
{
    internal static async Task<int> RunAsync(string[] args)
    {
        var only = new Option<string[]>("--only") { Description = "Names of ratios; default: all." };
        only.AllowMultipleArgumentsPerToken = true;
        only.AcceptOnlyFromAmong([.. RatioCatalogue.Names]);
        var size = new Option<string>("--size")
        {
            Description = "State a side: 100MB, 1GB, 10GB, or any number of MB or GB.",
            DefaultValueFactory = static _ => "100MB",
        };
        var runs = new Option<int>("--runs")
        {
            Description = "Pairs of runs a ratio; the median is printed.", DefaultValueFactory = static _ => 9,
        };
        var folder = new Option<DirectoryInfo>("--folder")
        {
            Description = "Where databases and checkpoints go; emptied afterwards.",
            DefaultValueFactory = static _ => new(Path.GetTempPath()),
        };
        var json = new Option<bool>("--json") { Description = "One JSON line a ratio." };
        var ratios = new Command("ratios", "Measures ours ÷ theirs, both sides interleaved in one run.")
        {
            only, size, runs, folder, json,
        };
        ratios.SetAction((parsed, cancellationToken) =>
        {
            if (!TryParseSize(parsed.GetValue(size)!, out var bytes))
            {
                Console.Error.WriteLine("--size is a number of MB or GB, for example 100MB.");
                return Task.FromResult(2);
            }

            var settings = new LoadTestSettings(
                bytes, Math.Max(parsed.GetValue(runs), 1), parsed.GetValue(folder)!.FullName);
            var names = parsed.GetValue(only) is { Length: > 0 } some ? some : [.. RatioCatalogue.Names];
            return RatioCatalogue.RunAsync(names, settings, parsed.GetValue(json), cancellationToken);
        });
        return await new RootCommand("Load tests of Checkpointing.") { ratios }.Parse(args).InvokeAsync()
            .ConfigureAwait(false);
    }

    private static bool TryParseSize(string text, out long bytes)
    {
        var unit = text.EndsWith("GB", StringComparison.OrdinalIgnoreCase) ? 1L << 30
            : text.EndsWith("MB", StringComparison.OrdinalIgnoreCase) ? 1L << 20 : 0;
        bytes = 0;
        return unit > 0
            && long.TryParse(text[..^2], NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && count is > 0 and < 1 << 20
            && (bytes = count * unit) > 0;
    }
}
