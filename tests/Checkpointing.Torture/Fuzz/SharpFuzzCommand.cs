using System.CommandLine;
using SharpFuzz;

namespace Checkpointing.Torture.Fuzz;

/// <summary>The command <c>sharpfuzz</c>: the entry points that afl and libFuzzer start, with the same
/// oracle.</summary>
internal static class SharpFuzzCommand
{
    private const int MaxSeedFileBytes = 8_192;

    internal static Command Create()
    {
        var engine = new Option<string>("--engine")
        {
            Description = "Who starts it: afl or libfuzzer.",
            DefaultValueFactory = static _ => "afl",
        };
        engine.AcceptOnlyFromAmong("afl", "libfuzzer");
        var target = FuzzCommand.TargetOption();
        var export = new Option<string?>("--export") { Description = "Writes the corpus to a folder, and ends." };
        var dryRun = new Option<bool>("--dry-run")
        {
            Description = "Feeds the corpus through the harness, without a fuzzer.",
        };
        var json = new Option<bool>("--json") { Description = "One line of JSON." };
        var command = new Command("sharpfuzz", "Harness for coverage-guided fuzzing.")
        {
            engine, target, export, dryRun, json,
        };
        command.SetAction(parsed =>
        {
            var wanted = FuzzCommand.TargetOf(parsed.GetValue(target)!);
            if (parsed.GetValue(export) is { } folder)
            {
                Export(wanted, folder);
            }
            else if (parsed.GetValue(dryRun))
            {
                var report = DryRun(wanted);
                report.Print(parsed.InvocationConfiguration.Output, parsed.GetValue(json));
                return report.ExitCode;
            }
            else if (parsed.GetValue(engine) == "libfuzzer")
            {
                Fuzzer.LibFuzzer.Run(bytes => Feed(wanted, bytes));
            }
            else
            {
                Fuzzer.OutOfProcess.Run(stream => Feed(wanted, ReadAll(stream)));
            }

            return 0;
        });
        return command;
    }

    // A fuzzer knows a failure by an exception that gets out.
    private static FuzzOutcome Feed(FuzzTarget target, ReadOnlySpan<byte> bytes)
    {
        var verdict = target.Check(bytes.ToArray());
        return verdict.Problem is null ? verdict.Outcome : throw new InvalidOperationException(verdict.Problem);
    }

    private static byte[] ReadAll(Stream stream)
    {
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    }

    private static TortureReport DryRun(FuzzTarget target)
    {
        var report = new TortureReport("sharpfuzz", 0);
        var read = 0;
        var refused = 0;
        foreach (var seed in target.Load(MaxSeedFileBytes).Seeds)
        {
            using var stream = new MemoryStream(seed.Bytes);
            try
            {
                _ = Feed(target, ReadAll(stream)) == FuzzOutcome.Accepted ? read++ : refused++;
            }
            catch (InvalidOperationException exception)
            {
                report.Add(new($"{seed.Name}: {exception.Message}", $"tests/fuzz/run {target.Name} --dry-run"));
            }
        }

        report.Set("inputs", read + refused);
        report.Set("read", read);
        report.Set("refused", refused);
        return report;
    }

    private static void Export(FuzzTarget target, string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var seed in target.Load(MaxSeedFileBytes).Seeds)
        {
            File.WriteAllBytes(Path.Combine(folder, seed.Name.Replace('/', '-')), seed.Bytes);
        }
    }
}
