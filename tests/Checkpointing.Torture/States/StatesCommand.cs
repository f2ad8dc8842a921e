using System.CommandLine;
using System.Globalization;

namespace Checkpointing.Torture.States;

/// <summary>The command <c>states</c>.</summary>
internal static class StatesCommand
{
    internal static Command Create()
    {
        var seeds = new Option<string>("--seeds")
        {
            Description = "Seeds FIRST..LAST, both included; each is a history of its own.",
            DefaultValueFactory = static _ => "0..11",
        };
        var replay = new Option<int?>("--replay") { Description = "One seed again." };
        var paths = new Option<bool>("--all-paths") { Description = "A path that no history took is a failure." };
        var json = new Option<bool>("--json") { Description = "One line of JSON." };
        var command = new Command(
            "states", "Lives of an operator with typed states: RocksDB, heap and a model side by side.")
        {
            seeds, replay, paths, json,
        };
        command.SetAction(async (parsed, _) =>
        {
            var (first, last) = parsed.GetValue(replay) is { } one
                ? (one, one) : SeedRange.Parse(parsed.GetValue(seeds)!);
            var asJson = parsed.GetValue(json);
            var report = await StatesRun.RunAsync(
                first, last, mostExtra: 0, parsed.GetValue(paths),
                seed => Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {seed}")));
            report.Print(parsed.InvocationConfiguration.Output, asJson);
            return report.ExitCode;
        });
        return command;
    }
}
