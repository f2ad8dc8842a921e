using System.CommandLine;
using Checkpointing.Torture.CrashPoints;

namespace Checkpointing.Torture.SingleFaults;

/// <summary>The command <c>faults</c>.</summary>
internal static class FaultsCommand
{
    internal static Command Create()
    {
        var pairs = new Option<int>("--pairs")
        {
            Description = "A sample of so many pairs of faults, instead of all single ones.",
        };
        var seed = new Option<int>("--seed")
        {
            Description = "Seed of the sample.", DefaultValueFactory = static _ => 1,
        };
        var replay = new Option<string?>("--replay") { Description = "One case again." };
        var scenario = new Option<string?>("--scenario") { Description = "All of one scenario only." };
        var medium = new Option<string?>("--medium") { Description = "All with the register in files, or in memory." };
        medium.AcceptOnlyFromAmong(CrashPoint.OnStorage, CrashPoint.InMemory);
        var stride = new Option<int>("--stride")
        {
            Description = "Every so many operations only; the seed says which.", DefaultValueFactory = static _ => 1,
        };
        var json = new Option<bool>("--json") { Description = "One line of JSON." };
        var command = new Command(
            "faults", "Scenarios of which every operation of storage and register fails in every way.")
        {
            pairs, seed, replay, scenario, medium, stride, json,
        };
        command.SetAction(parsed =>
        {
            var report = parsed.GetValue(replay) is { } one
                ? FaultsRun.Replay(FaultCase.Parse(one))
                : parsed.GetValue(pairs) is var count and > 0
                    ? FaultsRun.RunPairs(count, parsed.GetValue(seed))
                    : FaultsRun.RunAll(one => parsed.GetValue(scenario) is not { } name || one.Name == name,
                        parsed.GetValue(stride), parsed.GetValue(seed), parsed.GetValue(medium));
            report.Print(parsed.InvocationConfiguration.Output, parsed.GetValue(json));
            return report.ExitCode;
        });
        return command;
    }
}
