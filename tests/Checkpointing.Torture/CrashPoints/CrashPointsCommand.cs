using System.CommandLine;

namespace Checkpointing.Torture.CrashPoints;

/// <summary>The command <c>crash-points</c>.</summary>
internal static class CrashPointsCommand
{
    internal static Command Create()
    {
        var twoDeep = new Option<int>("--two-deep")
        {
            Description = "A sample of so many crashes during the recovery from a crash, instead of all single ones.",
        };
        var seed = new Option<int>("--seed")
        {
            Description = "Seed of the sample.", DefaultValueFactory = static _ => 1,
        };
        var replay = new Option<string?>("--replay") { Description = "One crash point again." };
        var scenario = new Option<string?>("--scenario") { Description = "All of one scenario only." };
        var stride = new Option<int>("--stride")
        {
            Description = "Every so many operations only; the seed says which.", DefaultValueFactory = static _ => 1,
        };
        var json = new Option<bool>("--json") { Description = "One line of JSON." };
        var command = new Command(
            "crash-points", "Scenarios that are cut off at every operation of storage and register.")
        {
            twoDeep, seed, replay, scenario, stride, json,
        };
        command.SetAction(parsed =>
        {
            var report = parsed.GetValue(replay) is { } point
                ? CrashPointsRun.Replay(CrashPoint.Parse(point))
                : parsed.GetValue(twoDeep) is var count and > 0
                    ? CrashPointsRun.RunTwoDeep(count, parsed.GetValue(seed))
                    : CrashPointsRun.RunAll(one => parsed.GetValue(scenario) is not { } name || one.Name == name,
                        parsed.GetValue(stride), parsed.GetValue(seed));
            report.Print(parsed.InvocationConfiguration.Output, parsed.GetValue(json));
            return report.ExitCode;
        });
        return command;
    }
}
