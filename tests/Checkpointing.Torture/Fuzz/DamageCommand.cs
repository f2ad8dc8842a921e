using System.CommandLine;
using System.Diagnostics;

namespace Checkpointing.Torture.Fuzz;

/// <summary>The command <c>damage</c>.</summary>
internal static class DamageCommand
{
    private const int MaxFailures = 20;

    internal static Command Create()
    {
        var maxBytes = new Option<int>("--max-bytes")
        {
            Description = "Files up to this size; the work grows with its square.",
            DefaultValueFactory = static _ => 2_000,
        };
        var json = new Option<bool>("--json") { Description = "One line of JSON." };
        var command = new Command("damage", "Cuts metadata files everywhere and flips each of their bits.")
        {
            maxBytes, json,
        };
        command.SetAction(parsed =>
        {
            var report = Run(parsed.GetValue(maxBytes));
            report.Print(parsed.InvocationConfiguration.Output, parsed.GetValue(json));
            return report.ExitCode;
        });
        return command;
    }

    private static TortureReport Run(int maxBytes)
    {
        var report = new TortureReport("damage", 0);
        var replay = $"dotnet run -c Release --project tests/Checkpointing.Torture -- damage --max-bytes {maxBytes}";
        var started = Stopwatch.GetTimestamp();
        var byVersion = new SortedDictionary<int, (long Files, long Checked, long Accepted)>();
        foreach (var seed in FuzzCorpus.Load(maxBytes).Seeds.Where(seed => seed.Bytes.Length <= maxBytes))
        {
            if (report.Failures.Count >= MaxFailures)
            {
                break;
            }

            var counts = ExhaustiveDamage.Check(seed, problem => report.Add(new(problem, replay)));
            var (files, done, accepted) = byVersion.GetValueOrDefault(seed.Version);
            byVersion[seed.Version] = (files + 1, done + counts.Checked, accepted + counts.Accepted);
        }

        foreach (var (version, (files, done, accepted)) in byVersion)
        {
            report.Set($"v{version}.files", files);
            report.Set($"v{version}.cutsAndFlips", done);
            report.Set($"v{version}.readAsOtherContent", accepted);
        }

        report.Set("seconds", Math.Round(Stopwatch.GetElapsedTime(started).TotalSeconds, 1));
        return report;
    }
}
