using System.CommandLine;

namespace Checkpointing.Torture.Broken;

/// <summary>The command <c>broken</c>.</summary>
internal static class BrokenCommand
{
    internal static Command Create()
    {
        var bug = new Option<string?>("--bug") { Description = "Only bugs whose names contain this." };
        var json = new Option<bool>("--json") { Description = "One line of JSON." };
        var command = new Command(
            "broken", "Bugs put into a copy of the core on purpose: says which layer catches each.")
        {
            bug, json,
        };
        command.SetAction(parsed =>
        {
            var root = BrokenRun.FindRoot()
                ?? throw new InvalidOperationException("Run this program where it was built: it needs the sources.");
            var report = BrokenRun.Run(root, parsed.GetValue(bug));
            report.Print(parsed.InvocationConfiguration.Output, parsed.GetValue(json));
            return report.ExitCode;
        });
        return command;
    }
}
