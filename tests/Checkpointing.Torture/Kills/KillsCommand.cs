using System.CommandLine;

namespace Checkpointing.Torture.Kills;

/// <summary>The command <c>kills</c>.</summary>
internal static class KillsCommand
{
    internal static Command Create()
    {
        var kills = new Option<int>("--kills")
        {
            Description = "How many processes are killed; each job takes 10 to 20.",
            DefaultValueFactory = static _ => 20,
        };
        var seed = new Option<int>("--seed")
        {
            Description = "Of the first job; each next one has the next seed.",
            DefaultValueFactory = static _ => 1,
        };
        var resume = new Option<string?>("--resume")
        {
            Description = "File with the progress: made if it is not there, else the run goes on where it was.",
        };
        var jobs = new Option<int>("--jobs")
        {
            Description = "Jobs at a time.", DefaultValueFactory = static _ => 2,
        };
        var json = new Option<bool>("--json") { Description = "One line of JSON." };
        var command = new Command(
            "kills",
            "Real processes with RocksDB and ZooKeeper that are killed, restarted and rescaled: output and state are "
                + "right in the end, and nothing is left over.")
        {
            kills, seed, resume, jobs, json,
        };
        command.SetAction(async (parsed, _) =>
        {
            var report = await KillsRun.RunAsync(
                parsed.GetValue(kills), parsed.GetValue(seed), parsed.GetValue(jobs), parsed.GetValue(resume),
                Console.Error.WriteLine).ConfigureAwait(false);
            report.Print(parsed.InvocationConfiguration.Output, parsed.GetValue(json));
            return report.ExitCode;
        });
        return command;
    }
}
