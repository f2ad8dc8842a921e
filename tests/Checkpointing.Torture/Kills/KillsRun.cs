using System.Diagnostics;
using System.Globalization;

namespace Checkpointing.Torture.Kills;

/// <summary>Kills processes of jobs until it has been enough.</summary>
internal sealed class KillsRun
{
    private readonly Lock _lock = new();
    private readonly KillsProgress _progress;
    private readonly string? _resume;

    private KillsRun(KillsProgress progress, string? resume) => (_progress, _resume) = (progress, resume);

    /// <summary>Runs jobs with seeds in a row.</summary>
    /// <param name="kills">How many processes are killed, at least 1.</param>
    /// <param name="seed">Of the first job.</param>
    /// <param name="jobsAtATime">At least 1.</param>
    /// <param name="resume">File with the progress, taken up if it is there; null: none is kept.</param>
    /// <param name="tell">Is told each job that is done.</param>
    internal static async Task<TortureReport> RunAsync(
        int kills, int seed, int jobsAtATime = 2, string? resume = null, Action<string>? tell = null)
    {
        var report = new TortureReport("kills", (ulong)seed);
        var run = new KillsRun(KillsProgress.Load(resume, seed), resume);
        await using (var server = await KillServer.StartAsync().ConfigureAwait(false))
        {
            await Parallel.ForEachAsync(
                PlansOf(kills, seed).Where(plan => !run._progress.Done.Contains(plan.Seed)),
                new ParallelOptions { MaxDegreeOfParallelism = jobsAtATime },
                async (plan, _) => await run.RunJobAsync(plan, server, tell).ConfigureAwait(false))
                .ConfigureAwait(false);
        }

        run.Fill(report);
        return report;
    }

    /// <summary>Jobs that take so many kills together.</summary>
    internal static IEnumerable<KillPlan> PlansOf(int kills, int seed)
    {
        for (var left = kills; left > 0; seed++)
        {
            var plan = KillPlan.Of(seed, mostKills: left);
            left -= plan.Kills;
            yield return plan;
        }
    }

    private async Task RunJobAsync(KillPlan plan, KillServer server, Action<string>? tell)
    {
        var counts = new KillCounts();
        var started = Stopwatch.GetTimestamp();
        string? problem;
#pragma warning disable CA1031 // Whatever goes wrong is the finding.
        try
        {
            problem = await new KillJob(plan, server, counts).RunAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            problem = e.ToString();
        }
#pragma warning restore CA1031

        lock (_lock)
        {
            var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            _progress.Done.Add(plan.Seed);
            _progress.Seconds += seconds;
            foreach (var (name, count) in counts.All)
            {
                _progress.Counts[name] = _progress.Counts.GetValueOrDefault(name) + count;
            }

            if (problem is not null)
            {
                _progress.Failures.Add(new($"seed {plan.Seed}, {problem}", string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Replays.Command} kills --kills {plan.Kills} --seed {plan.Seed}")));
            }

            _progress.Save(_resume);
            tell?.Invoke(string.Create(
                CultureInfo.InvariantCulture,
                $"seed {plan.Seed}: {counts.All.GetValueOrDefault("kills")} kills in {seconds:F1} s {problem}"));
        }
    }

    private void Fill(TortureReport report)
    {
        string[] expectedZero =
        [
            KillCounts.OutputDifferences, KillCounts.StateDifferences, KillCounts.Orphans, KillCounts.Leftovers,
            KillCounts.Broken, KillCounts.Lost,
        ];
        foreach (var name in expectedZero)
        {
            _progress.Counts.TryAdd(name, 0);
        }

        foreach (var (name, count) in _progress.Counts)
        {
            report.Set(name, count);
        }

        report.Set("seconds of all jobs together", Math.Round(_progress.Seconds, 1));
        foreach (var failure in _progress.Failures)
        {
            report.Add(failure);
        }
    }
}
