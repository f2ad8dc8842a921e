using System.CommandLine;
using System.Globalization;

namespace Checkpointing.Torture.ExactlyOnce;

/// <summary>The command <c>exactly-once</c>.</summary>
internal static class ExactlyOnceCommand
{
    // With so many runs in a row every kind of failure is reached; see FirePlan.
    internal const int RunsWithAllKinds = 20;

    internal static Command Create()
    {
        var runs = new Option<int>("--runs")
        {
            Description = "How many; each is the whole life of a job.",
            DefaultValueFactory = static _ => RunsWithAllKinds,
        };
        var seed = new Option<int>("--seed")
        {
            Description = "Of the first run; each next one has the next seed.",
            DefaultValueFactory = static _ => 1,
        };
        var json = new Option<bool>("--json") { Description = "One line of JSON." };
        var command = new Command(
            "exactly-once",
            "Jobs that are failed, stalled, declined, cut off and killed: their output equals that of a run without "
                + "failure.")
        {
            runs, seed, json,
        };
        command.SetAction(async (parsed, _) =>
        {
            var (first, count) = (parsed.GetValue(seed), parsed.GetValue(runs));
            var report = await FireRun.RunAsync(
                first, count, demandsAllKinds: count >= RunsWithAllKinds,
                done => Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {done}")))
                .ConfigureAwait(false);
            report.Print(parsed.InvocationConfiguration.Output, parsed.GetValue(json));
            return report.ExitCode;
        });
        return command;
    }
}
