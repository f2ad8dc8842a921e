using System.Diagnostics;
using Checkpointing.Testing;
using Checkpointing.Testing.Faults;
using Checkpointing.Torture.Cluster;
using Checkpointing.Torture.CrashPoints;
using Microsoft.Extensions.Time.Testing;

namespace Checkpointing.Torture.SingleFaults;

/// <summary>Every operation of every scenario fails in every way, once or from then on; and samples of pairs. Each has
/// to end in a typed failure or in none, nothing may be lost, and once the faults stop a checkpoint
/// completes.</summary>
internal static class FaultsRun
{
    private static readonly string[] s_media = [CrashPoint.OnStorage, CrashPoint.InMemory];

    private static readonly FaultKind[] s_kinds =
    [
        .. Enum.GetValues<FaultKind>().Where(static kind => kind is not (FaultKind.None or FaultKind.Crash)),
    ];

    /// <summary>Runs all single faults of some scenarios, or every so many operations of them.</summary>
    /// <param name="isWanted">Which scenarios; null: all.</param>
    /// <param name="stride">Every so many operations only.</param>
    /// <param name="offset">Which of them.</param>
    /// <param name="medium">Where the register is; null: once on files and once in memory.</param>
    internal static TortureReport RunAll(
        Func<Scenario, bool>? isWanted = null, int stride = 1, int offset = 0, string? medium = null)
    {
        var report = new TortureReport("faults", 0);
        var counts = new FaultCounts();
        using var unobserved = new UnobservedExceptions();
        var started = Stopwatch.GetTimestamp();
        foreach (var place in s_media.Where(one => medium is null || one == medium))
        {
            foreach (var scenario in Scenario.All.Where(isWanted ?? (static _ => true)))
            {
                foreach (var operation in LogOf(place, scenario)
                    .Where(operation => operation.Number % stride == offset % stride))
                {
                    foreach (var kind in s_kinds.Where(kind => FaultPlan.CanHave(operation.Kind, kind)))
                    {
                        Try(new(place, scenario.Name, new(operation.Number, kind)), report, counts);
                        Try(new(place, scenario.Name, new(operation.Number, kind, true)), report, counts);
                    }
                }
            }
        }

        Finish(report, counts, unobserved, started);
        return report;
    }

    /// <summary>Runs a sample of pairs of faults.</summary>
    internal static TortureReport RunPairs(int count, int seed)
    {
        var report = new TortureReport("faults", (ulong)seed);
        var counts = new FaultCounts();
        using var unobserved = new UnobservedExceptions();
        var started = Stopwatch.GetTimestamp();
        var random = new Random(seed);
        var logs = new Dictionary<(string, string), IReadOnlyList<StorageOperation>>();
        while (counts.Cases < count)
        {
            var medium = s_media[random.Next(s_media.Length)];
            var scenario = Scenario.All[random.Next(Scenario.All.Count)];
            if (!logs.TryGetValue((medium, scenario.Name), out var log))
            {
                logs.Add((medium, scenario.Name), log = LogOf(medium, scenario));
            }

            PlannedFault Draw()
            {
                var operation = log[random.Next(log.Count)];
                var kinds = s_kinds.Where(kind => FaultPlan.CanHave(operation.Kind, kind)).ToList();
                return new(operation.Number, kinds[random.Next(kinds.Count)], random.Next(6) == 0);
            }

            Try(new(medium, scenario.Name, Draw()) { Second = Draw() }, report, counts);
        }

        Finish(report, counts, unobserved, started);
        return report;
    }

    /// <summary>Runs one again.</summary>
    internal static TortureReport Replay(FaultCase one)
    {
        var report = new TortureReport("faults", 0);
        var counts = new FaultCounts();
        using var unobserved = new UnobservedExceptions();
        var started = Stopwatch.GetTimestamp();
        Try(one, report, counts);
        Finish(report, counts, unobserved, started);
        return report;
    }

    private static void Finish(
        TortureReport report, FaultCounts counts, UnobservedExceptions unobserved, long started)
    {
        foreach (var exception in unobserved.Collect())
        {
            report.Add(new(
                $"I8: an exception of a task was observed by nobody: {exception}", $"{Replays.Command} faults"));
        }

        report.Set("cases", counts.Cases);
        report.Set("faults injected", counts.Injected);
        report.Set("calls that failed with a typed exception", counts.Failed);
        report.Set("processes that went on", counts.WentOn);
        report.Set("processes that had to be replaced", counts.Replaced);
        report.Set("seconds", Math.Round(Stopwatch.GetElapsedTime(started).TotalSeconds, 1));
    }

    /// <summary>Operations of a scenario without faults.</summary>
    internal static IReadOnlyList<StorageOperation> LogOf(string medium, Scenario scenario)
    {
        var plan = new FaultPlan { IsActive = false };
        var stage = new Stage(NewWorld(medium), plan);
        var process = scenario.Prepare(stage);
        plan.IsActive = true;
        scenario.Act(stage, process);
        stage.World.ThrowIfBroken();
        return plan.Log;
    }

    private static ClusterWorld NewWorld(string medium) => new(medium == CrashPoint.InMemory, "job", "heir");

    private static void Try(FaultCase one, TortureReport report, FaultCounts counts)
    {
        counts.Cases++;
#pragma warning disable CA1031 // Whatever goes wrong is the finding.
        try
        {
            Run(one, counts);
        }
        catch (Exception e)
        {
            report.Add(new($"{one}: {e}", $"{Replays.Command} faults --replay {one}"));
        }
#pragma warning restore CA1031
    }

    private static void Run(FaultCase one, FaultCounts counts)
    {
        var scenario = Scenario.All.First(s => s.Name == one.Scenario);
        var world = NewWorld(one.Medium);
        var time = new FakeTimeProvider();
        var plan = new FaultPlan(FaultPlan.Decide(one.Faults))
        {
            IsActive = false, Seed = (ulong)one.First.Number, Time = time,
            Delay = TimeSpan.FromMinutes(20),
        };
        var stage = new Stage(world, plan) { IsStrict = false, PlanTime = time };
        var process = scenario.Prepare(stage);
        plan.IsActive = true;
        scenario.Act(stage, process);
        plan.IsActive = false;
        counts.Injected += plan.InjectedCount;
        counts.Failed += stage.Failed.Count;
        GoOn(stage, counts);
        world.ThrowIfBroken();
        RecoveryCheck.Run(world, scenario, new FaultPlan(), firstNumber: 100);
    }

    /// <summary>The faults have stopped: whoever has not said that it is done for completes a checkpoint.</summary>
    internal static void GoOn(Stage stage, FaultCounts counts)
    {
        stage.RunUntilQuiet();
        stage.Advance(TimeSpan.FromHours(2));
        stage.RunUntilQuiet();
        foreach (var process in stage.Processes.ToList())
        {
            if (process.Coordinator.Failure.IsFaulted)
            {
                counts.Replaced++;
                if (process.Coordinator.Failure.Exception!.InnerException is not CheckpointingException)
                {
                    throw new ConformanceException(
                        $"I8: the coordinator failed with {process.Coordinator.Failure.Exception}");
                }

                continue;
            }

            counts.WentOn++;
            stage.IsStrict = true;
            stage.Checkpoint(process);
            stage.RunUntilQuiet();
            stage.End(process);
        }

        stage.RunUntilQuiet();
    }
}
