using System.CommandLine;

namespace Checkpointing.Torture.Mutations;

/// <summary>The command <c>mutations</c>: judges what Stryker.NET reported of a run that <c>tests/mutation/run</c>
/// made.</summary>
internal static class MutationsCommand
{
    internal static Command Create()
    {
        var report = new Option<string>("--report")
        {
            Description = "Stryker's mutation-report.json.",
            Required = true,
        };
        var list = new Option<bool>("--list") { Description = "Lists every mutant that lived, not only what fails." };
        var tests = new Option<string?>("--tests")
        {
            Description = "Tries each mutant first: the tests' assembly, with the mutated core beside it.",
        };
        var parallel = new Option<int>("--parallel")
        {
            Description = "Processes of tests at a time.", DefaultValueFactory = static _ => Environment.ProcessorCount,
        };
        var mostSeconds = new Option<double>("--most-seconds")
        {
            Description = "Of tests for one mutant: what lives that long is tried anew by the next run.",
            DefaultValueFactory = static _ => double.PositiveInfinity,
        };
        var json = new Option<bool>("--json") { Description = "One line of JSON." };
        var command = new Command("mutations", "Says how many mutants of the core the tests have killed.")
        {
            report, tests, parallel, mostSeconds, list, json,
        };
        command.SetAction(async (parsed, _) =>
        {
            var output = parsed.InvocationConfiguration.Output;
            var mutants = MutantFile.Read(parsed.GetValue(report)!);
            if (parsed.GetValue(tests) is { } program)
            {
                mutants = await MutantTrials.RunAsync(
                    mutants, program, $"{parsed.GetValue(report)}.tried", parsed.GetValue(parallel),
                    parsed.GetValue(mostSeconds));
            }

            if (parsed.GetValue(list))
            {
                foreach (var mutant in mutants.Where(static m => m.HasLived))
                {
                    output.WriteLine($"{mutant} [{(EquivalentMutant.Find(mutant) is null ? mutant.Status : "equal")}]");
                }
            }

            var judged = MutationJudgement.Of(mutants);
            judged.Print(output, parsed.GetValue(json));
            return judged.ExitCode;
        });
        return command;
    }
}
