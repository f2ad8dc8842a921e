using System.CommandLine;

namespace Checkpointing.Torture.Simulate;

/// <summary>The command <c>simulate</c>.</summary>
internal static class SimulateCommand
{
    internal static Command Create()
    {
        var seeds = new Option<string>("--seeds")
        {
            Description = "Seeds FIRST..LAST, both included; each is a life of its own.",
            DefaultValueFactory = static _ => "0..1999",
        };
        var replay = new Option<int?>("--replay") { Description = "One seed again, with its trace." };
        var first = new Option<bool>("--first") { Description = "Stop at the first failure." };
        var json = new Option<bool>("--json") { Description = "One line of JSON." };
        var command = new Command(
            "simulate", "Lives of a job on one thread from a seed: take-overs, zombies, crashes, power cuts, faults.")
        {
            seeds, replay, first, json,
        };
        command.SetAction(parsed =>
        {
            var output = parsed.InvocationConfiguration.Output;
            var asJson = parsed.GetValue(json);
            var report = parsed.GetValue(replay) is { } seed
                ? SimulateRun.Run(seed, seed, log: asJson ? null : output.WriteLine)
                : SimulateRun.Run(SeedRange.Parse(parsed.GetValue(seeds)!), parsed.GetValue(first) ? 1 : 20);
            report.Print(output, asJson);
            return report.ExitCode;
        });
        return command;
    }
}
