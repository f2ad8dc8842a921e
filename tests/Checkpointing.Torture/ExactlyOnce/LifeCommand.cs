using System.CommandLine;
using System.Globalization;

namespace Checkpointing.Torture.ExactlyOnce;

/// <summary>The hidden command <c>exactly-once-life</c>: one life of a run, as a process that may be killed.</summary>
internal static class LifeCommand
{
    private const string Name = "exactly-once-life";

    internal static Command Create()
    {
        var seed = new Option<int>("--seed") { Required = true };
        var number = new Option<int>("--number") { Required = true };
        var folder = new Option<string>("--folder") { Required = true };
        var savepoint = new Option<string?>("--savepoint");
        var ignoresOwn = new Option<bool>("--ignore-own");
        var command = new Command(Name, "One life of exactly-once.")
        {
            seed, number, folder, savepoint, ignoresOwn,
        };
        command.Hidden = true;
        command.SetAction(async (parsed, _) =>
        {
            var output = parsed.InvocationConfiguration.Output;
            using var log = new FireLog();
            var plan = FirePlan.Of(parsed.GetValue(seed)).WithInputThatIsThere(FireInput.HasFlights);
            var life = new FireLife(plan, parsed.GetValue(folder)!, log, fired => Say(output, fired));
            var result = await life.RunAsync(
                parsed.GetValue(number), parsed.GetValue(savepoint), parsed.GetValue(ignoresOwn)).ConfigureAwait(false);
            foreach (var (name, count) in log.Counts)
            {
                await output.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture, $"{FireProcess.CountPrefix}{name} {count}")).ConfigureAwait(false);
            }

            if (result.Savepoint is { } path)
            {
                await output.WriteLineAsync(FireProcess.SavepointPrefix + path).ConfigureAwait(false);
            }

            if (result.Why is { } why)
            {
                await output.WriteLineAsync(FireProcess.WhyPrefix + why.ReplaceLineEndings(" ")).ConfigureAwait(false);
            }

            await output.FlushAsync(CancellationToken.None).ConfigureAwait(false);
            return (int)result.End;
        });
        return command;
    }

    internal static List<string> Arguments(int seed, int number, string folder, string? savepoint, bool ignoresOwn)
    {
        List<string> arguments =
        [
            Name, "--seed", Text(seed), "--number", Text(number), "--folder", folder,
        ];
        if (savepoint is not null)
        {
            arguments.AddRange(["--savepoint", savepoint]);
        }

        if (ignoresOwn)
        {
            arguments.Add("--ignore-own");
        }

        return arguments;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    // Out before the process is killed.
    private static void Say(TextWriter output, FireKind fired)
    {
        lock (output)
        {
            output.WriteLine(FireProcess.FiredPrefix + fired);
            output.Flush();
        }
    }
}
