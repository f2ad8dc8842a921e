using Checkpointing.Coordination;
using Checkpointing.Testing;
using Checkpointing.Testing.Faults;
using Checkpointing.Torture.Cluster;

namespace Checkpointing.Torture.CrashPoints;

/// <summary>What must hold after anything: the next process recovers the list before or after, restores it bit-exact,
/// completes a further checkpoint, and when it has ended no file is left over.</summary>
internal static class RecoveryCheck
{
    /// <param name="world">What the dead left.</param>
    /// <param name="scenario">What they were doing.</param>
    /// <param name="plan">Faults of the recovery: only a crash makes sense.</param>
    /// <param name="firstNumber">Above the numbers of all processes so far.</param>
    /// <exception cref="ProcessDiedException">The plan let the recovering process die.</exception>
    /// <exception cref="ConformanceException">Something does not hold.</exception>
    internal static void Run(ClusterWorld world, Scenario scenario, FaultPlan plan, int firstNumber)
    {
        var stage = new Stage(world, plan, firstNumber);
        if (scenario.Heir is { } heir)
        {
            Live(stage, scenario, stage.Open(
                heir, scenario.Parallelism, resumeFrom: "job/chk-2", claimMode: scenario.ClaimMode));
        }

        if (scenario.Heir is null || scenario.ClaimMode == ClaimMode.NoClaim)
        {
            Live(stage, scenario, stage.Open("job", scenario.Parallelism, version: scenario.Version));
        }

        if (scenario is { Heir: not null, ClaimMode: ClaimMode.Claim })
        {
            // What is left in the claimed job's folder is the heir's from now on: its next recovery sweeps there.
            stage.End(stage.Open(scenario.Heir));
            stage.RunUntilQuiet();
        }

        Check(world);
        var orphans = Wait(world.Checker.FindOrphansAsync());
        if (orphans.Count > 0)
        {
            throw new ConformanceException($"I2: nothing leads to {string.Join(", ", orphans)}.");
        }
    }

    private static void Live(Stage stage, Scenario scenario, ClusterProcess? process)
    {
        var world = stage.World;
        CheckList(world, scenario, process!);
        Check(world);
        stage.Checkpoint(process);
        stage.RunUntilQuiet();
        Check(world);
        stage.End(process);
        stage.RunUntilQuiet();
    }

    private static void CheckList(ClusterWorld world, Scenario scenario, ClusterProcess process)
    {
        var reported = world.NewestReported(process.Job);
        var restored = process.Restored?.Checkpoint;
        if (restored is null ? reported > 0 : restored.Job.Name == process.Job && restored.Id.Value < reported)
        {
            throw new ConformanceException(
                $"I4: checkpoint {reported} of '{process.Job}' was reported, but '{restored?.Path ?? "nothing"}' was "
                + $"restored in '{scenario.Name}'.");
        }
    }

    private static void Check(ClusterWorld world)
    {
        Wait(world.Checker.CheckAsync());
        world.ThrowIfBroken();
    }

    // Storage and register of the checker have no faults, and end every call at once.
    private static void Wait(Task task) => task.GetAwaiter().GetResult();

    private static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();
}
