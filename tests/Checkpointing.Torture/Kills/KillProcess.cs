using System.Diagnostics;
using System.Globalization;
using Checkpointing.Torture.ExactlyOnce;

namespace Checkpointing.Torture.Kills;

/// <summary>What was seen of a process.</summary>
internal sealed class KilledLife
{
    /// <summary>How it ended.</summary>
    internal LifeEnd End { get; set; }

    /// <summary>Whether its job ran.</summary>
    internal bool HasRun { get; set; }

    /// <summary>The checkpoint that it started from; 0: from nothing. Counts if it has run.</summary>
    internal long RestoredId { get; set; }

    /// <summary>Ids of the checkpoints that it said are completed.</summary>
    internal List<long> Completed { get; } = [];

    /// <summary>Why attempts of the job were replaced.</summary>
    internal List<string> Restarts { get; } = [];

    /// <summary>The operation at which it killed itself; null: somebody else did, or nobody.</summary>
    internal string? KilledAt { get; set; }

    /// <summary>Why it failed.</summary>
    internal string? Why { get; set; }

    /// <summary>Newest checkpoint that is known to be durable.</summary>
    internal long NewestId => Math.Max(RestoredId, Completed.DefaultIfEmpty().Max());
}

/// <summary>Starts a process of a job, kills it when its time has come, and listens to it.</summary>
internal static class KillProcess
{
    // What does not come to its operation is killed after so long.
    private const int LongestRunMs = 2_500;

    /// <summary>Runs one to its end.</summary>
    /// <param name="plan">What ends it.</param>
    /// <param name="arguments">For <see cref="KillsLifeCommand"/>.</param>
    /// <param name="onRunning">Called once its job runs.</param>
    /// <exception cref="TimeoutException">It does not end; it was killed.</exception>
    /// <exception cref="InvalidOperationException">It ended in a way that no life should.</exception>
    internal static async Task<KilledLife> RunAsync(
        KillLifePlan plan, IReadOnlyList<string> arguments, Action onRunning)
    {
        var life = new KilledLife();
        Process? started = null;
        using var killer = new Timer(_ => LifeProcess.Kill(started!));
        life.End = await LifeProcess.RunAsync(arguments, OnLine, OnStarted).ConfigureAwait(false);
        return life;

        void OnStarted(Process process)
        {
            started = process;
            if (plan.Moment == KillMoment.Starting)
            {
                killer.Change(plan.At, Timeout.Infinite);
            }
        }

        void OnLine(string line)
        {
            Take(line, life);
            if (line.StartsWith(KillsLifeCommand.RunningPrefix, StringComparison.Ordinal))
            {
                onRunning();
                ArmWhenRunning(plan, killer);
            }
        }
    }

    private static void ArmWhenRunning(KillLifePlan plan, Timer killer)
    {
        if (plan.Moment is KillMoment.Running or KillMoment.Operation)
        {
            killer.Change(plan.Moment == KillMoment.Running ? plan.At : LongestRunMs, Timeout.Infinite);
        }
    }

    private static void Take(string line, KilledLife life)
    {
        if (Rest(line, KillsLifeCommand.RunningPrefix) is { } restored)
        {
            life.HasRun = true;
            life.RestoredId = restored.Length == 0 ? 0 : long.Parse(
                restored[(restored.LastIndexOf('-') + 1)..], CultureInfo.InvariantCulture);
        }
        else if (Rest(line, KillsLifeCommand.CompletedPrefix) is { } completed)
        {
            life.Completed.Add(long.Parse(completed, CultureInfo.InvariantCulture));
        }
        else if (Rest(line, KillsLifeCommand.RestartingPrefix) is { } restarting)
        {
            life.Restarts.Add(restarting);
        }
        else if (Rest(line, KillsLifeCommand.KillingPrefix) is { } killing)
        {
            life.KilledAt = killing;
        }
        else if (Rest(line, KillsLifeCommand.WhyPrefix) is { } why)
        {
            life.Why = why;
        }
    }

    private static string? Rest(string line, string prefix) =>
        line.StartsWith(prefix, StringComparison.Ordinal) ? line[prefix.Length..] : null;
}
