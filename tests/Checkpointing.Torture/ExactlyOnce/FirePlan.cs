namespace Checkpointing.Torture.ExactlyOnce;

/// <summary>What a job reads.</summary>
internal enum FireInputKind
{
    /// <summary>20,000 real flights.</summary>
    Flights = 0,

    /// <summary>Records made by their number.</summary>
    Generated = 1,
}

/// <summary>One life: a process, or a job in this process, that ends by itself or is ended.</summary>
/// <param name="Parallelism">Of the keyed operators.</param>
/// <param name="RecordsPerBatch">Small ones have more places where a barrier can fall.</param>
/// <param name="Fires">What happens.</param>
internal sealed record LifePlan(int Parallelism, int RecordsPerBatch, IReadOnlyList<PlannedFire> Fires);

/// <summary>One run: lives, one after the other, of one job. All of it follows from the seed.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Input">What is read.</param>
/// <param name="IsOnRocksDb">Backend.</param>
/// <param name="IsInProcesses">Whether each life is a process; otherwise nothing is killed.</param>
/// <param name="Lives">Those that something happens in; then there is one in which nothing does.</param>
internal sealed record FirePlan(
    int Seed, FireInputKind Input, bool IsOnRocksDb, bool IsInProcesses, IReadOnlyList<LifePlan> Lives)
{
    private const int MaxLives = 3;
    private const int MaxFiresInALife = 4;

    /// <summary>Whether a part of the input comes over a source that ends early: in every third run.</summary>
    internal bool HasEarlyInput => Seed % 3 == 0;

    /// <summary>The life with this number; from the end of the list on, one without fires.</summary>
    internal LifePlan LifeAt(int number) =>
        number < Lives.Count ? Lives[number] : new(1 + ((Seed + number) % 4), 64, []);

    /// <summary>The same over made records where there are no flights; also in the processes of its lives.</summary>
    internal FirePlan WithInputThatIsThere(bool hasFlights) =>
        Input == FireInputKind.Flights && !hasFlights ? this with { Input = FireInputKind.Generated } : this;

    /// <summary>Makes the plan of a seed. Of any two seeds in a row one is killed, of any four two read
    /// flights.</summary>
    internal static FirePlan Of(int seed)
    {
        var random = new Random(seed);
        var isInProcesses = seed % 2 == 0;
        var lives = new List<LifePlan>();
        for (var count = random.Next(1, MaxLives + 1); lives.Count < count;)
        {
            var fires = new List<PlannedFire>();
            for (var fire = random.Next(1, MaxFiresInALife + 1); fire > 0; fire--)
            {
                fires.Add(MakeFire(random));
            }

            if (isInProcesses)
            {
                fires.Add(MakeKill(random));
            }
            else if (random.Next(3) == 0)
            {
                fires.Add(new(FireKind.StoppedWithSavepoint, FirePlace.Record, random.Next(1, 15_000)));
            }

            lives.Add(new(random.Next(1, 5), random.Next(1, 200), fires));
        }

        return new(seed, (FireInputKind)(seed / 2 % 2), random.Next(2) == 0, isInProcesses, lives);
    }

    private static PlannedFire MakeFire(Random random) => random.Next(9) switch
    {
        0 or 1 or 2 => new(FireKind.OperatorThrows, FirePlace.Record, random.Next(1, 20_000)),
        3 => new(FireKind.TaskStalls, FirePlace.Record, random.Next(1, 20_000)),
        4 or 5 => new(FireKind.CheckpointDeclined, FirePlace.SpaceQuestion, random.Next(1, 40)),
        6 => new(FireKind.CheckpointTimesOut, FirePlace.StorageWrite, random.Next(1, 40)),
        _ => new(FireKind.StorageError, FirePlace.StorageCall, random.Next(10, 300)),
    };

    private static PlannedFire MakeKill(Random random) => random.Next(3) switch
    {
        0 => new(FireKind.ProcessKilled, FirePlace.Record, random.Next(1, 20_000)),
        1 => new(FireKind.ProcessKilled, FirePlace.StorageCall, random.Next(1, 300)),
        _ => new(FireKind.ProcessKilled, FirePlace.FileStep, random.Next(1, 120)),
    };
}
