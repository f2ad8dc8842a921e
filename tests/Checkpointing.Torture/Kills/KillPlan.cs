namespace Checkpointing.Torture.Kills;

/// <summary>What ends a life.</summary>
internal enum KillMoment
{
    /// <summary>So many ms after the process was started: it may not even have taken its epoch.</summary>
    Starting = 0,

    /// <summary>So many ms after the job runs.</summary>
    Running = 1,

    /// <summary>At the n-th operation of storage, register or a sink: before it, or when it is done and not answered
    /// yet.</summary>
    Operation = 2,

    /// <summary>Nothing: the job runs to its end.</summary>
    Never = 3,
}

/// <summary>One process.</summary>
/// <param name="Parallelism">Of the keyed operators.</param>
/// <param name="RecordsPerBatch">Small ones have more places where a barrier can fall.</param>
/// <param name="Moment">What ends it.</param>
/// <param name="At">Milliseconds, or number of the operation.</param>
/// <param name="ServerAtMs">When the ZooKeeper server is killed and started again, after the job runs; null: it is left
/// alone.</param>
internal sealed record KillLifePlan(
    int Parallelism, int RecordsPerBatch, KillMoment Moment, int At, int? ServerAtMs = null);

/// <summary>All processes of one job, one after the other; the last one is not killed. All of it follows from the
/// seed.</summary>
/// <param name="Seed">The seed; also of what is read.</param>
/// <param name="Lives">Processes that are killed, and the last one.</param>
internal sealed record KillPlan(int Seed, IReadOnlyList<KillLifePlan> Lives)
{
    private const int FewestKills = 10;
    private const int MostKills = 20;
    private const int MostParallelism = 4;

    /// <summary>How many processes are killed.</summary>
    internal int Kills => Lives.Count - 1;

    /// <summary>Makes the plan of a seed.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="mostKills">No more, whatever the seed says.</param>
    internal static KillPlan Of(int seed, int mostKills = MostKills)
    {
        var random = new Random(seed);
        var kills = random.Next(FewestKills, MostKills + 1);
        List<KillLifePlan> lives = [.. Enumerable.Range(0, kills).Select(_ => Draw(random))];
        return new(
            seed,
            [
                .. lives.Take(mostKills),
                new(random.Next(1, MostParallelism + 1), random.Next(1, 200), KillMoment.Never, 0),
            ]);
    }

    private static KillLifePlan Draw(Random random)
    {
        var (moment, at) = random.Next(8) switch
        {
            0 => (KillMoment.Starting, random.Next(50, 900)),
            <= 3 => (KillMoment.Running, random.Next(600)),
            _ => (KillMoment.Operation, random.Next(1, random.Next(2) == 0 ? 100 : 400)),
        };
        int? server = random.Next(20) == 0 ? random.Next(300) : null;
        return new(random.Next(1, MostParallelism + 1), random.Next(1, 200), moment, at, server);
    }
}
