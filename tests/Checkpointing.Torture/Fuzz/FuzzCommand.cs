using System.CommandLine;
using System.Globalization;

namespace Checkpointing.Torture.Fuzz;

/// <summary>The command <c>fuzz</c>.</summary>
internal static class FuzzCommand
{
    private const int MaxSeedFileBytes = 8_192;
    private static readonly TimeSpan s_hang = TimeSpan.FromSeconds(60);

    internal static Command Create()
    {
        var inputs = new Option<long>("--inputs")
        {
            Description = "How many inputs.",
            DefaultValueFactory = static _ => 100_000,
        };
        var seed = new Option<ulong>("--seed")
        {
            Description = "All inputs follow from it.",
            DefaultValueFactory = static _ => 1,
        };
        var target = TargetOption();
        var replay = new Option<string?>("--replay") { Description = "One input, SEED:INDEX." };
        var file = new Option<string?>("--file") { Description = "A kept input instead." };
        var save = new Option<string>("--save")
        {
            Description = "Folder for inputs that fail.",
            DefaultValueFactory = static _ => Path.Combine(Path.GetTempPath(), "checkpointing-fuzz"),
        };
        var made = new Option<bool>("--made-only")
        {
            Description = "Start from made files only, not from the real ones beside the repository.",
        };
        var json = new Option<bool>("--json") { Description = "One line of JSON." };
        var command = new Command("fuzz", "Gives a reader of anybody's bytes mutated ones.")
        {
            inputs, seed, target, replay, file, save, made, json,
        };
        command.SetAction(parsed =>
        {
            var wanted = TargetOf(parsed.GetValue(target)!);
            if (parsed.GetValue(file) is { } path)
            {
                return CheckFile(wanted, path, parsed.InvocationConfiguration.Output, parsed.GetValue(json));
            }

            var corpus = wanted.Load(parsed.GetValue(made) ? 0 : MaxSeedFileBytes);
            var first = 0L;
            var count = parsed.GetValue(inputs);
            var chosenSeed = parsed.GetValue(seed);
            if (parsed.GetValue(replay) is { } which)
            {
                (chosenSeed, first) = ParseReplay(which);
                count = 1;
            }

            var folder = parsed.GetValue(save)!;
            foreach (var (seedLeft, indexLeft) in CrashMark.TakeLeft(folder))
            {
                Console.Error.WriteLine(
                    "An earlier run ended in the middle of an input: "
                    + FuzzEngine.ReplayOf(seedLeft, indexLeft, wanted.Name));
            }

            using var mark = new CrashMark(folder, chosenSeed);
            using var watch = new HangWatch(s_hang, index => FuzzEngine.ReplayOf(chosenSeed, index, wanted.Name));
            var engine = new FuzzEngine(chosenSeed, corpus, wanted)
            {
                SaveFolder = folder,
                Starting = index =>
                {
                    mark.Begin(index);
                    watch.Begin(index);
                },
            };
            var report = engine.Run(first, count);
            report.Print(parsed.InvocationConfiguration.Output, parsed.GetValue(json));
            return report.ExitCode;
        });
        return command;
    }

    /// <summary>What is fuzzed.</summary>
    internal static Option<string> TargetOption()
    {
        var target = new Option<string>("--target")
        {
            Description = "What reads them: metadata, canonical (snapshots) or zookeeper (what servers send).",
            DefaultValueFactory = static _ => FuzzTarget.Metadata.Name,
        };
        target.AcceptOnlyFromAmong([.. FuzzTarget.All.Select(static one => one.Name)]);
        return target;
    }

    /// <summary>The target of a name.</summary>
    internal static FuzzTarget TargetOf(string name) => FuzzTarget.All.Single(one => one.Name == name);

    private static int CheckFile(FuzzTarget target, string path, TextWriter output, bool asJson)
    {
        var report = new TortureReport("fuzz", 0);
        var verdict = target.Check(File.ReadAllBytes(path));
        report.Set("outcome", verdict.Outcome.ToString());
        report.Set("milliseconds", Math.Round(verdict.Elapsed.TotalMilliseconds, 3));
        report.Set("allocatedBytes", verdict.AllocatedBytes);
        if (verdict.Problem is { } problem)
        {
            report.Add(new(
                $"{path}: {problem}",
                $"{Replays.Command} fuzz --target {target.Name} --file {path}"));
        }

        report.Print(output, asJson);
        return report.ExitCode;
    }

    private static (ulong Seed, long Index) ParseReplay(string text) =>
        text.Split(':') is [var seed, var index]
        && ulong.TryParse(seed, NumberStyles.None, CultureInfo.InvariantCulture, out var parsedSeed)
        && long.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out var parsedIndex)
            ? (parsedSeed, parsedIndex)
            : throw new ArgumentException($"--replay takes SEED:INDEX, not '{text}'.");
}
