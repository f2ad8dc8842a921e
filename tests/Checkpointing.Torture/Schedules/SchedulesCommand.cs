using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Checkpointing.Torture.Broken;

namespace Checkpointing.Torture.Schedules;

/// <summary>The command <c>schedules</c>: starts <c>tests/Checkpointing.Schedules</c>, a program of its own because
/// Microsoft Coyote rewrites it.</summary>
internal static class SchedulesCommand
{
    internal static Command Create()
    {
        var schedules = new Option<int>("--schedules")
        {
            Description = "Schedules of each harness.",
            DefaultValueFactory = static _ => 50,
        };
        var seed = new Option<uint>("--seed") { Description = "Chooses the schedules." };
        var harness = new Option<string?>("--harness") { Description = "Only this one." };
        var json = new Option<bool>("--json") { Description = "One line of JSON." };
        var command = new Command(
            "schedules", "Runs the core's own code under schedules that Microsoft Coyote chooses.")
        {
            schedules, seed, harness, json,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            List<string> arguments =
            [
                FindProgram(),
                "--schedules", parsed.GetValue(schedules).ToString(CultureInfo.InvariantCulture),
                "--seed", parsed.GetValue(seed).ToString(CultureInfo.InvariantCulture),
            ];
            arguments.AddRange(parsed.GetValue(harness) is { } name ? ["--harness", name] : []);
            arguments.AddRange(parsed.GetValue(json) ? ["--json"] : []);
            return await RunAsync(arguments, parsed.InvocationConfiguration.Output, cancellationToken)
                .ConfigureAwait(false);
        });
        return command;
    }

    private static string FindProgram()
    {
        var root = BrokenRun.FindRoot()
            ?? throw new InvalidOperationException("Run this program where it was built: it starts another one there.");
        var framework = new DirectoryInfo(AppContext.BaseDirectory);
        return Path.Combine(
            root, "tests", "Checkpointing.Schedules", "bin", framework.Parent!.Name, framework.Name,
            "Checkpointing.Schedules.dll");
    }

    private static async Task<int> RunAsync(
        IReadOnlyList<string> arguments, TextWriter output, CancellationToken cancellationToken)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true })!;
        try
        {
            var written = await process.StandardOutput.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            await output.WriteAsync(written).ConfigureAwait(false);
            return process.ExitCode;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
