using System.Globalization;

namespace Checkpointing.Torture.ExactlyOnce;

/// <summary>Many runs: each job is failed, stalled, cut off and killed, and its committed output must be that of a run
/// without failure, byte for byte.</summary>
internal sealed class FireRun
{
    private const int MaxLives = 40;
    private const int RunsAtATime = 2;

    private readonly Lock _lock = new();
    private readonly SortedDictionary<FireKind, long> _fires = [];
    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);
    private readonly Dictionary<(FireInputKind, int, bool), Task<List<string>>> _straight = [];
    private readonly int _firstSeed;
    private readonly int _runs;

    private FireRun(int firstSeed, int runs)
    {
        (_firstSeed, _runs) = (firstSeed, runs);
        foreach (var kind in Enum.GetValues<FireKind>())
        {
            _fires[kind] = 0;
        }
    }

    /// <summary>Runs seeds in a row.</summary>
    /// <param name="firstSeed">The first.</param>
    /// <param name="runs">How many.</param>
    /// <param name="demandsAllKinds">Whether a kind of failure that was never reached is a failure.</param>
    /// <param name="progress">Is told each seed that is done.</param>
    internal static async Task<TortureReport> RunAsync(
        int firstSeed, int runs, bool demandsAllKinds, Action<int>? progress = null)
    {
        var run = new FireRun(firstSeed, runs);
        var report = new TortureReport("exactly-once", (ulong)firstSeed);
        await run.RunAllAsync(report, progress).ConfigureAwait(false);
        run.Report(report, demandsAllKinds);
        return report;
    }

    private async Task RunAllAsync(TortureReport report, Action<int>? progress) =>
        await Parallel.ForEachAsync(
            Enumerable.Range(_firstSeed, _runs), new ParallelOptions { MaxDegreeOfParallelism = RunsAtATime },
            async (seed, _) =>
            {
                string? problem;
                try
                {
                    problem = await RunOneAsync(seed).ConfigureAwait(false);
                }
                catch (Exception e) when (e is not OutOfMemoryException)
                {
                    problem = e.ToString();
                }

                lock (_lock)
                {
                    if (problem is not null)
                    {
                        report.Add(new(
                            string.Create(CultureInfo.InvariantCulture, $"Seed {seed}: {problem}"),
                            "dotnet run -c Release --project tests/Checkpointing.Torture -- "
                            + string.Create(CultureInfo.InvariantCulture, $"exactly-once --runs 1 --seed {seed}")));
                    }

                    progress?.Invoke(seed);
                }
            }).ConfigureAwait(false);

    /// <returns>What is wrong; null: nothing.</returns>
    private async Task<string?> RunOneAsync(int seed)
    {
        var plan = FirePlan.Of(seed);
        if (plan.Input == FireInputKind.Flights && !FireInput.HasFlights)
        {
            Count("runs over flights skipped: the data beside the repository is absent", 1);
            plan = plan.WithInputThatIsThere(hasFlights: false);
        }

        var folder = Directory.CreateTempSubdirectory("exactly-once-").FullName;
        try
        {
            var lives = await LiveAsync(plan, folder).ConfigureAwait(false);
            if (lives is { } problem)
            {
                return problem;
            }

            Count($"runs over {plan.Input}", 1);
            Count("runs with an input that ends early", plan.HasEarlyInput ? 1 : 0);
            Count(plan.IsOnRocksDb ? "runs on RocksDB" : "runs on the heap", 1);
            return Compare(await StraightAsync(plan).ConfigureAwait(false), FireJob.ReadOutput(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Lives until one has finished.</summary>
    private async Task<string?> LiveAsync(FirePlan plan, string folder)
    {
        var (savepoint, ignoresOwn) = ((string?)null, false);
        for (var number = 0; number < MaxLives; number++)
        {
            var result = await LiveOnceAsync(plan, folder, number, savepoint, ignoresOwn).ConfigureAwait(false);
            Count($"lives {result.End}", 1);
            if (result.End == LifeEnd.Finished)
            {
                return null;
            }

            if (number > plan.Lives.Count && result.End == LifeEnd.Failed)
            {
                return $"life {number} failed although nothing was done to it: {result.Why}";
            }

            (savepoint, ignoresOwn) = result.End == LifeEnd.Stopped
                ? (result.Savepoint, true)
                : (savepoint, false);
        }

        return $"it was not over after {MaxLives} lives";
    }

    private async Task<LifeResult> LiveOnceAsync(
        FirePlan plan, string folder, int number, string? savepoint, bool ignoresOwn)
    {
        if (plan.IsInProcesses)
        {
            return await FireProcess.RunAsync(
                LifeCommand.Arguments(plan.Seed, number, folder, savepoint, ignoresOwn), CountFire, Count)
                .ConfigureAwait(false);
        }

        using var log = new FireLog();
        var result = await new FireLife(plan, folder, log, CountFire).RunAsync(number, savepoint, ignoresOwn)
            .ConfigureAwait(false);
        foreach (var (name, count) in log.Counts)
        {
            Count(name, count);
        }

        return result;
    }

    /// <summary>Output of the run without failure, which must be what a loop computes.</summary>
    private Task<List<string>> StraightAsync(FirePlan plan)
    {
        // All flights are the same input; made records follow from the seed.
        var key = (plan.Input, plan.Input == FireInputKind.Flights ? 0 : plan.Seed, plan.HasEarlyInput);
        lock (_lock)
        {
            return _straight.TryGetValue(key, out var known) ? known : _straight[key] = RunStraightAsync(plan);
        }
    }

    private static async Task<List<string>> RunStraightAsync(FirePlan plan)
    {
        var folder = Directory.CreateTempSubdirectory("exactly-once-straight-").FullName;
        try
        {
            using var log = new FireLog();
            var straight = plan with { Lives = [], IsOnRocksDb = false };
            var result = await new FireLife(straight, folder, log, static _ => { }).RunAsync(0, null, false)
                .ConfigureAwait(false);
            var output = FireJob.ReadOutput(folder);
            var computed = FireJob.Compute(
                FireInput.Load(plan.Input, plan.Seed), plan.HasEarlyInput, FireInput.WindowOf(plan.Input));
            return result.End == LifeEnd.Finished && Compare(computed, output) is not { } problem
                ? output
                : throw new InvalidOperationException(
                    $"The run without failure is wrong: {result.End} {result.Why} {Compare(computed, output)}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string? Compare(List<string> expected, List<string> found)
    {
        if (expected.SequenceEqual(found, StringComparer.Ordinal))
        {
            return null;
        }

        var missing = expected.Except(found).ToList();
        var extra = found.Except(expected).ToList();
        var twice = found.Count - found.Distinct().Count();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"the output differs: {missing.Count} rows missing, {extra.Count} that should not be, {twice} twice; ")
            + $"for example '{missing.Concat(extra).FirstOrDefault()}'";
    }

    private void CountFire(FireKind kind)
    {
        lock (_lock)
        {
            _fires[kind]++;
        }
    }

    private void Count(string name, long count)
    {
        lock (_lock)
        {
            _counts[name] = _counts.GetValueOrDefault(name) + count;
        }
    }

    private void Report(TortureReport report, bool demandsAllKinds)
    {
        report.Set("runs", _runs);
        foreach (var (kind, count) in _fires)
        {
            report.Set(kind.ToString(), count);
            if (count == 0 && demandsAllKinds)
            {
                report.Add(new(
                    $"{kind} was never reached.",
                    string.Create(CultureInfo.InvariantCulture, $"exactly-once --runs {_runs} --seed {_firstSeed}")));
            }
        }

        foreach (var (name, count) in _counts)
        {
            report.Set(name, count);
        }
    }
}
