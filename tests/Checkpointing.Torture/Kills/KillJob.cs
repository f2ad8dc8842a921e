using System.Globalization;
using Checkpointing.Storage.Local;
using Checkpointing.Testing.Simulation;
using Checkpointing.Torture.ExactlyOnce;
using Checkpointing.ZooKeeper;

namespace Checkpointing.Torture.Kills;

/// <summary>Lives one job from its first process to its end, and looks at what is stored after each.</summary>
/// <param name="plan">Its processes.</param>
/// <param name="server">ZooKeeper.</param>
/// <param name="counts">Gets what happened.</param>
internal sealed class KillJob(KillPlan plan, KillServer server, KillCounts counts)
{
    // While ZooKeeper is away a job may fail for good, and is started again.
    private const int MostRepeats = 10;

    private long _newestReported;
    private int? _parallelism;
    private bool _hasLived;

    /// <summary>Runs it.</summary>
    /// <returns>What is wrong; null: nothing.</returns>
    internal async Task<string?> RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("checkpointing-kills-").FullName;
        try
        {
            using var storage = new LocalCheckpointStorage(KillLife.StorageOf(folder));
            await using var register = new ZooKeeperCheckpointRegister(new() { ConnectionString = ConnectionString });
            var checker = new InvariantChecker(storage, register, KillLife.Job);
            for (var number = 0; number < plan.Lives.Count; number++)
            {
                var problem = await LiveAsync(number, folder).ConfigureAwait(false)
                    ?? await LookAsync(checker).ConfigureAwait(false);
                if (problem is not null)
                {
                    return string.Create(CultureInfo.InvariantCulture, $"process {number + 1}: {problem}");
                }
            }

            counts.Add("jobs");
            return await new KillJobCheck(plan.Seed, folder, storage, register, checker, counts).FindProblemAsync()
                .ConfigureAwait(false);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // A part of the tree for each job.
    private string ConnectionString =>
        string.Create(CultureInfo.InvariantCulture, $"{server.Address}/kills-{plan.Seed}");

    private async Task<string?> LiveAsync(int number, string folder)
    {
        var life = plan.Lives[number];
        var records = FireInput.Load(KillLife.Input, plan.Seed).Count;

        // Each process reads its share; so the last one still has something to do.
        int? holdsAt = life.Moment == KillMoment.Never ? null : records * (number + 1) / plan.Lives.Count;
        var arguments = KillsLifeCommand.Arguments(life, plan.Seed, folder, ConnectionString, holdsAt);
        for (var repeat = 0; ; repeat++)
        {
            CountStart(life);
            var outages = server.OutagesOver;
            var outage = Task.CompletedTask;
            var lived = await KillProcess.RunAsync(
                life, arguments,
                () => outage = life.ServerAtMs is { } ms && repeat == 0 ? KillServerAsync(ms) : Task.CompletedTask)
                .ConfigureAwait(false);
            await outage.ConfigureAwait(false);
            var problem = Judge(life, lived, wasServerAway: server.Outages != outages);
            if (problem is not null || lived.End != LifeEnd.Failed)
            {
                return problem;
            }

            if (repeat == MostRepeats)
            {
                return $"it does not start: {lived.Why}";
            }
        }
    }

    private async Task KillServerAsync(int afterMs)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(afterMs + 1));
        await timer.WaitForNextTickAsync().ConfigureAwait(false);
        await server.KillAndStartAsync().ConfigureAwait(false);
        counts.Add("ZooKeeper killed");
    }

    private void CountStart(KillLifePlan life)
    {
        counts.Add("processes");
        if (_hasLived)
        {
            counts.Add("restarts");
        }

        if (_parallelism is { } before && before != life.Parallelism)
        {
            counts.Add("rescales");
        }

        (_hasLived, _parallelism) = (true, life.Parallelism);
    }

    private string? Judge(KillLifePlan life, KilledLife lived, bool wasServerAway)
    {
        counts.Add("checkpoints", lived.Completed.Count);
        counts.Add("attempts replaced within a process", lived.Restarts.Count);
        if (lived.HasRun && lived.RestoredId < _newestReported)
        {
            counts.Add(KillCounts.Lost);
            return $"checkpoint {_newestReported} was reported, but it started from {lived.RestoredId}";
        }

        if (!wasServerAway && lived.Restarts.Count > 0)
        {
            return $"an attempt failed although nothing was done to it: {lived.Restarts[0]}";
        }

        _newestReported = Math.Max(_newestReported, lived.NewestId);
        switch (lived.End)
        {
            case LifeEnd.Killed:
                counts.Add("kills");
                counts.Add(lived.KilledAt is not null ? "kills at an operation"
                    : lived.HasRun ? "kills of a running job" : "kills of a starting job");
                return life.Moment == KillMoment.Never ? "it was killed, but not by us" : null;
            case LifeEnd.Failed when wasServerAway:
                counts.Add("processes that failed while ZooKeeper was away");
                return null;
            case LifeEnd.Finished when life.Moment == KillMoment.Never:
                return null;
            default:
                return $"it ended with {lived.End}: {lived.Why}";
        }
    }

    private async Task<string?> LookAsync(InvariantChecker checker)
    {
        counts.Add("looks at what is stored");
        var breaches = await checker.FindBreachesAsync().ConfigureAwait(false);
        if (breaches.Count == 0)
        {
            return null;
        }

        counts.Add(KillCounts.Broken, breaches.Count);
        return string.Join(' ', breaches.Take(3));
    }
}
