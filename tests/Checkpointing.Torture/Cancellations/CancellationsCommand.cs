using System.CommandLine;

namespace Checkpointing.Torture.Cancellations;

/// <summary>The command <c>cancellations</c>.</summary>
internal static class CancellationsCommand
{
    internal static Command Create()
    {
        var replay = new Option<string?>("--replay") { Description = "One case again." };
        var scenario = new Option<string?>("--scenario") { Description = "All of one scenario only." };
        var stride = new Option<int>("--stride")
        {
            Description = "Every so many operations only; the seed says which.", DefaultValueFactory = static _ => 1,
        };
        var seed = new Option<int>("--seed") { Description = "Which operations, with --stride." };
        var json = new Option<bool>("--json") { Description = "One line of JSON." };
        var command = new Command(
            "cancellations", "Scenarios whose calls are cancelled at every operation of storage and register.")
        {
            replay, scenario, stride, seed, json,
        };
        command.SetAction(parsed =>
        {
            var report = parsed.GetValue(replay) is { } one
                ? CancellationsRun.Replay(CancellationCase.Parse(one))
                : CancellationsRun.RunAll(
                    one => parsed.GetValue(scenario) is not { } name || one.Name == name,
                    parsed.GetValue(stride), parsed.GetValue(seed));
            report.Print(parsed.InvocationConfiguration.Output, parsed.GetValue(json));
            return report.ExitCode;
        });
        return command;
    }
}
