using System.CommandLine;
using System.Globalization;

namespace Checkpointing.Torture.Kills;

/// <summary>The hidden command <c>kills-life</c>: one process of a job, which will be killed, and what it says on its
/// standard output. When its standard input ends, so does it: nothing runs on behind a program that was
/// stopped.</summary>
internal static class KillsLifeCommand
{
    internal const string RunningPrefix = "running ";
    internal const string CompletedPrefix = "completed ";
    internal const string RestartingPrefix = "restarting ";
    internal const string KillingPrefix = "killing ";
    internal const string WhyPrefix = "why ";

    private const string Name = "kills-life";
    private const int AbandonedExitCode = 3;

    internal static Command Create()
    {
        var seed = new Option<int>("--seed") { Required = true };
        var folder = new Option<string>("--folder") { Required = true };
        var zooKeeper = new Option<string>("--zookeeper") { Required = true };
        var parallelism = new Option<int>("--parallelism") { Required = true };
        var batch = new Option<int>("--batch") { Required = true };
        var killAt = new Option<int>("--kill-at");
        var holdsAt = new Option<int?>("--holds-at");
        var command = new Command(Name, "One process of kills.")
        {
            seed, folder, zooKeeper, parallelism, batch, killAt, holdsAt,
        };
        command.Hidden = true;
        command.SetAction(async (parsed, _) =>
        {
            var output = parsed.InvocationConfiguration.Output;
            EndWithStandardInput();
            var at = parsed.GetValue(killAt);
            var plan = new KillLifePlan(
                parsed.GetValue(parallelism), parsed.GetValue(batch),
                at > 0 ? KillMoment.Operation : KillMoment.Never, at);
            var life = new KillLife(
                plan, parsed.GetValue(seed), parsed.GetValue(folder)!, parsed.GetValue(zooKeeper)!,
                parsed.GetValue(holdsAt), line => Say(output, line));
            var result = await life.RunAsync().ConfigureAwait(false);
            if (result.Why is { } why)
            {
                Say(output, WhyPrefix + why.ReplaceLineEndings(" "));
            }

            return (int)result.End;
        });
        return command;
    }

    internal static List<string> Arguments(
        KillLifePlan plan, int seed, string folder, string zooKeeper, int? holdsAt)
    {
        List<string> arguments =
        [
            Name, "--seed", Text(seed), "--folder", folder, "--zookeeper", zooKeeper,
            "--parallelism", Text(plan.Parallelism), "--batch", Text(plan.RecordsPerBatch),
        ];
        if (plan.Moment == KillMoment.Operation)
        {
            arguments.AddRange(["--kill-at", Text(plan.At)]);
        }

        if (holdsAt is { } held)
        {
            arguments.AddRange(["--holds-at", Text(held)]);
        }

        return arguments;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static void EndWithStandardInput()
    {
        var watch = new Thread(static () =>
        {
            while (Console.In.Read() >= 0)
            {
            }

            Environment.Exit(AbandonedExitCode);
        });
        watch.IsBackground = true;
        watch.Start();
    }

    // Out before the process is killed.
    private static void Say(TextWriter output, string line)
    {
        lock (output)
        {
            output.WriteLine(line);
            output.Flush();
        }
    }
}
