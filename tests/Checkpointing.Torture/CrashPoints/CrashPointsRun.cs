using System.Diagnostics;
using Checkpointing.Testing.Faults;
using Checkpointing.Testing.Simulation;
using Checkpointing.Torture.Cluster;

namespace Checkpointing.Torture.CrashPoints;

/// <summary>Every scenario is cut off at every operation, with every aftermath; and samples of a crash during the
/// recovery from a crash.</summary>
internal static class CrashPointsRun
{
    private static readonly string[] s_media = [CrashPoint.OnStorage, CrashPoint.InMemory];

    /// <summary>Runs all single crash points of some scenarios, or every so many operations of them.</summary>
    internal static TortureReport RunAll(Func<Scenario, bool>? isWanted = null, int stride = 1, int offset = 0)
    {
        var report = new TortureReport("crash-points", 0);
        var started = Stopwatch.GetTimestamp();
        var (points, equal) = (0, 0);
        foreach (var medium in s_media)
        {
            foreach (var scenario in Scenario.All.Where(isWanted ?? (static _ => true)))
            {
                var operations = CountOperations(medium, scenario);
                report.Set($"operations of {scenario.Name}, register in {medium}", operations);
                for (var operation = 1 + (offset % stride); operation <= operations; operation += stride)
                {
                    foreach (var aftermath in Enum.GetValues<CrashAftermath>())
                    {
                        if (Try(new(medium, scenario.Name, operation, aftermath), report))
                        {
                            points++;
                        }
                        else
                        {
                            equal++;
                        }
                    }
                }
            }
        }

        report.Set("crash points", points);
        report.Set("the same as another, for so little was unsynced", equal);
        report.Set("seconds", Math.Round(Stopwatch.GetElapsedTime(started).TotalSeconds, 1));
        return report;
    }

    /// <summary>Runs a sample of crashes during the recovery from a crash.</summary>
    internal static TortureReport RunTwoDeep(int count, int seed)
    {
        var report = new TortureReport("crash-points", (ulong)seed);
        var started = Stopwatch.GetTimestamp();
        var random = new Random(seed);
        var sizes = new Dictionary<(string, string), (int Act, int Recovery)>();
        var done = 0;
        while (done < count)
        {
            var medium = s_media[random.Next(s_media.Length)];
            var scenario = Scenario.All[random.Next(Scenario.All.Count)];
            if (!sizes.TryGetValue((medium, scenario.Name), out var size))
            {
                size = (CountOperations(medium, scenario), CountRecovery(medium, scenario));
                sizes.Add((medium, scenario.Name), size);
            }

            var point = new CrashPoint(
                medium, scenario.Name, 1 + random.Next(size.Act), (CrashAftermath)random.Next(4))
            {
                Second = 1 + random.Next(size.Recovery),
                SecondAftermath = (CrashAftermath)random.Next(4),
            };
            done += Try(point, report) ? 1 : 0;
        }

        report.Set("two-deep crash points", done);
        report.Set("seconds", Math.Round(Stopwatch.GetElapsedTime(started).TotalSeconds, 1));
        return report;
    }

    /// <summary>Runs one again.</summary>
    internal static TortureReport Replay(CrashPoint point)
    {
        var report = new TortureReport("crash-points", 0);
        report.Set("crash points", Try(point, report) ? 1 : 0);
        return report;
    }

    private static int CountOperations(string medium, Scenario scenario)
    {
        var plan = new FaultPlan { IsActive = false };
        Play(NewWorld(medium == CrashPoint.InMemory), scenario, plan);
        return plan.Count;
    }

    private static int CountRecovery(string medium, Scenario scenario)
    {
        var world = NewWorld(medium == CrashPoint.InMemory);
        Play(world, scenario, new FaultPlan { IsActive = false });
        var plan = new FaultPlan();
        RecoveryCheck.Run(world, scenario, plan, firstNumber: 100);
        return plan.Count;
    }

    private static ClusterWorld NewWorld(bool keepsRegisterInMemory) => new(keepsRegisterInMemory, "job", "heir");

    private static void Play(ClusterWorld world, Scenario scenario, FaultPlan plan)
    {
        var stage = new Stage(world, plan);
        var process = scenario.Prepare(stage);
        plan.IsActive = true;
        scenario.Act(stage, process);
        world.ThrowIfBroken();
    }

    /// <returns>False: the same would be done as with another aftermath.</returns>
    private static bool Try(CrashPoint point, TortureReport report)
    {
#pragma warning disable CA1031 // Whatever goes wrong is the finding.
        try
        {
            return Run(point);
        }
        catch (Exception e)
        {
            report.Add(new($"{point}: {e}", $"{Replays.Command} crash-points --replay {point}"));
            return true;
        }
#pragma warning restore CA1031
    }

    private static bool Run(CrashPoint point)
    {
        var scenario = Scenario.All.First(s => s.Name == point.Scenario);
        var world = NewWorld(point.KeepsRegisterInMemory);
        if (!Die(() => Play(world, scenario, CrashAt(point.Operation, isActive: false))))
        {
            throw new ArgumentException($"'{point.Scenario}' has fewer operations than {point.Operation}.");
        }

        if (!IsOfItsOwn(point.Aftermath, world.Storage.UnsyncedCount))
        {
            return false;
        }

        world.Storage.CutPower(point.Aftermath, new Random(point.Operation));
        if (point.Second > 0 && Die(() => RecoveryCheck.Run(
            world, scenario, CrashAt(point.Second, isActive: true), firstNumber: 100)))
        {
            world.Storage.CutPower(point.SecondAftermath, new Random(point.Second));
        }

        RecoveryCheck.Run(world, scenario, new FaultPlan(), firstNumber: 200);
        return true;
    }

    private static FaultPlan CrashAt(int operation, bool isActive) =>
        new(FaultPlan.Decide(new PlannedFault(operation, FaultKind.Crash))) { IsActive = isActive };

    private static bool Die(Action life)
    {
        try
        {
            life();
            return false;
        }
        catch (ProcessDiedException)
        {
            return true;
        }
    }

    // Of no change there is nothing to lose; one change is lost or not.
    private static bool IsOfItsOwn(CrashAftermath aftermath, int unsyncedCount) => aftermath switch
    {
        CrashAftermath.NothingLost => true,
        CrashAftermath.UnsyncedLost => unsyncedCount > 0,
        _ => unsyncedCount > 1,
    };
}
