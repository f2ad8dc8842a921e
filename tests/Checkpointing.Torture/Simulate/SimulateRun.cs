using System.Diagnostics;
using System.Globalization;

namespace Checkpointing.Torture.Simulate;

/// <summary>Runs simulations, one after the other.</summary>
internal static class SimulateRun
{
    /// <summary>Runs all seeds of a range, or until so many have failed.</summary>
    internal static TortureReport Run(int first, int last, int mostFailures = 20, Action<string>? log = null)
    {
        // Continuations are to stay on this thread.
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            return RunAll(first, last, mostFailures, log);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    /// <inheritdoc cref="Run(int, int, int, Action{string}?)"/>
    internal static TortureReport Run((int First, int Last) seeds, int mostFailures) =>
        Run(seeds.First, seeds.Last, mostFailures);

    /// <summary>Hash of all that happens in the simulation of a seed.</summary>
    internal static ulong TraceOf(int seed)
    {
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            var simulation = new ClusterSimulation(seed);
            simulation.Run();
            return simulation.TraceHash;
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    private static TortureReport RunAll(int first, int last, int mostFailures, Action<string>? log)
    {
        var report = new TortureReport("simulate", (ulong)first);
        var counts = new SimulationCounts();
        var started = Stopwatch.GetTimestamp();
        var seed = first;
        for (; seed <= last && report.Failures.Count < mostFailures; seed++)
        {
            var simulation = new ClusterSimulation(seed, log);
#pragma warning disable CA1031 // Whatever goes wrong is the finding.
            try
            {
                simulation.Run();
            }
            catch (Exception e)
            {
                report.Add(new($"seed {seed}: {e}", string.Create(
                    CultureInfo.InvariantCulture, $"{Replays.Command} simulate --replay {seed}")));
            }
#pragma warning restore CA1031

            counts.Add(simulation.Counts);
        }

        report.Set("seeds", seed - first);
        foreach (var (name, count) in counts.All)
        {
            report.Set(name, count);
        }

        report.Set("seconds", Math.Round(Stopwatch.GetElapsedTime(started).TotalSeconds, 1));
        return report;
    }
}
