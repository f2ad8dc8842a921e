using System.Collections.Concurrent;
using System.Text.Json;

namespace Checkpointing.Torture.Mutations;

/// <summary>What became of one mutant.</summary>
/// <param name="Id">Its number.</param>
/// <param name="File">The file, below <c>src/Checkpointing</c>.</param>
/// <param name="Status">In Stryker's words.</param>
/// <param name="By">The test that failed.</param>
internal sealed record TriedMutant(int Id, string File, string Status, string By);

/// <summary>Switches mutants on, one after the other, and runs the tests of all classes that come by, until one
/// fails.</summary>
/// <remarks>
/// <para>Stryker could do that itself, and is not asked to: by VSTest it never switches a mutant on in tests of
/// xunit.v3, which are programs of their own; by Microsoft.Testing.Platform it runs all covering tests after the first
/// has failed, and took 35 s a mutant.</para>
/// <para>Many mutants share a process, so what one leaves behind could fail the tests of the next, or hide it.
/// Therefore: after a failure its class runs without a mutant, and if that fails the mutant is tried once more in a new
/// process; and one that all tests passed is tried once more in a new process.</para>
/// </remarks>
internal sealed class MutantTrials
{
    private const double SecondsTogether = 1;

    private const string Limited = "Limited";

    private readonly Lock _lock = new();
    private readonly string _program;
    private readonly string _results;
    private readonly IReadOnlyList<CoveringClass> _classes;
    private readonly double _mostSeconds;

    private MutantTrials(
        string program, string results, IReadOnlyList<CoveringClass> classes, double mostSeconds) =>
        (_program, _results, _classes, _mostSeconds) = (program, results, classes, mostSeconds);

    /// <summary>Tries all that were not tried yet.</summary>
    /// <param name="mutants">All.</param>
    /// <param name="program">The tests' assembly, with the mutated core beside it.</param>
    /// <param name="results">File of results, a line each, that are there already and that are added.</param>
    /// <param name="parallel">Processes at a time.</param>
    /// <param name="mostSeconds">Of tests for one mutant. One that is still alive then counts as that, and is tried
    /// anew by the next run.</param>
    /// <returns>The mutants with what became of them.</returns>
    internal static async Task<IReadOnlyList<Mutant>> RunAsync(
        IReadOnlyList<Mutant> mutants, string program, string results, int parallel, double mostSeconds)
    {
        program = Path.GetFullPath(program);
        var tried = Read(results);
        var waiting = new ConcurrentQueue<Mutant>(mutants
            .Where(mutant => mutant.IsTried && (!tried.TryGetValue(mutant.Id, out var one) || one.Status == Limited))
            .OrderBy(static mutant => !MutationJudgement.DecideDeletion.Contains(mutant.File))
            .ThenBy(mutant => tried.ContainsKey(mutant.Id)));
        if (!waiting.IsEmpty)
        {
            var trials = new MutantTrials(
                program, results, await TestCoverage.FindAsync(program, $"{results}.coverage", parallel),
                mostSeconds);
            await Task.WhenAll(Enumerable.Range(0, parallel).Select(_ => trials.RunAsync(waiting)));
            tried = Read(results);
        }

        return [.. mutants.Select(mutant => tried.TryGetValue(mutant.Id, out var one)
            ? mutant with { Status = one.Status } : mutant)];
    }

    private static Dictionary<int, TriedMutant> Read(string results) => File.Exists(results)
        ? File.ReadLines(results).Select(static line => JsonSerializer.Deserialize<TriedMutant>(line)!)
            .GroupBy(static one => one.Id).ToDictionary(static same => same.Key, static same => same.Last())
        : [];

    private async Task RunAsync(ConcurrentQueue<Mutant> waiting)
    {
        MutatedTests? shared = null;
        try
        {
            while (waiting.TryDequeue(out var mutant))
            {
                var covering = _classes.Where(one => one.Mutants.Contains(mutant.Id))
                    .OrderBy(one => !one.Name.Contains($".{mutant.Concept}.", StringComparison.Ordinal))
                    .ThenBy(static one => one.Seconds).ToList();
                if (covering.Count == 0)
                {
                    Add(mutant, new("NoCoverage", "", IsProcessGood: true));
                    continue;
                }

                var isAlone = covering.Any(one => one.InInitializers.Contains(mutant.Id));
                var outcome = new Outcome("", "", IsProcessGood: true);
                if (!isAlone)
                {
                    shared ??= MutatedTests.Start(_program);
                    outcome = await TryAsync(shared, mutant, covering);
                }

                if (outcome.Status is "" or "Survived")
                {
                    using var own = MutatedTests.Start(_program);
                    outcome = await TryAsync(own, mutant, covering, isOwn: true)
                        with { IsProcessGood = outcome.IsProcessGood };
                }

                if (!outcome.IsProcessGood)
                {
                    shared?.Dispose();
                    shared = null;
                }

                Add(mutant, outcome);
            }
        }
        finally
        {
            shared?.Dispose();
        }
    }

    /// <returns>No status if the process is not to be trusted.</returns>
    private async Task<Outcome> TryAsync(
        MutatedTests tests, Mutant mutant, List<CoveringClass> covering, bool isOwn = false)
    {
        var sum = 0.0;
        foreach (var (classes, seconds) in Together(covering))
        {
            sum += seconds;
            if (sum > _mostSeconds)
            {
                return new(Limited, "", IsProcessGood: true);
            }

            var timeout = TimeSpan.FromSeconds(10 + (5 * seconds));
            if (await tests.RunAsync(mutant.Id, classes, timeout) is not { } answer)
            {
                return new("Timeout", string.Join(' ', classes), IsProcessGood: false);
            }

            if (!answer.Passed)
            {
                var again = classes.Where(one => answer.Failed.StartsWith($"{one}.", StringComparison.Ordinal))
                    .ToList();
                var isTrusted = isOwn || await tests.RunAsync(
                    MutantServer.NoMutant, again.Count > 0 ? again : classes, timeout) is { Passed: true };
                return new(isTrusted ? "Killed" : "", answer.Failed, isTrusted);
            }
        }

        return new("Survived", "", IsProcessGood: true);
    }

    /// <summary>Quick ones run together.</summary>
    private static IEnumerable<(List<string> Classes, double Seconds)> Together(List<CoveringClass> covering)
    {
        var (together, sum) = (new List<string>(), 0.0);
        foreach (var one in covering)
        {
            if (together.Count > 0 && sum + one.Seconds > SecondsTogether)
            {
                yield return (together, sum);
                (together, sum) = ([], 0);
            }

            together.Add(one.Name);
            sum += one.Seconds;
        }

        yield return (together, sum);
    }

    private void Add(Mutant mutant, Outcome outcome)
    {
        var line = JsonSerializer.Serialize(
            new TriedMutant(mutant.Id, mutant.File, outcome.Status, outcome.By)) + "\n";
        lock (_lock)
        {
            File.AppendAllText(_results, line);
        }
    }

    private readonly record struct Outcome(string Status, string By, bool IsProcessGood);
}
