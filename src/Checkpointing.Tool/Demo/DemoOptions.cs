namespace Checkpointing.Tool.Demo;

/// <summary>Where the demo keeps its live keyed state.</summary>
internal enum DemoBackend
{
    /// <summary>RocksDB in <c>work</c> below the demo's folder.</summary>
    RocksDb = 0,

    /// <summary>The process's memory; its snapshots are always full.</summary>
    Heap = 1,
}

/// <summary>What the command line asks of the demo. Values only, checked already.</summary>
internal sealed record DemoOptions
{
    /// <summary>The CSV file to read.</summary>
    public required string Input { get; init; }

    /// <summary>Folder for checkpoints, working files and, by default, the output.</summary>
    public required string Folder { get; init; }

    /// <summary>The file that the sink writes.</summary>
    public required string Output { get; init; }

    /// <summary>Where live state is kept.</summary>
    public DemoBackend Backend { get; init; }

    /// <summary>Whether RocksDB's snapshots send only new files.</summary>
    public bool IsIncremental { get; init; } = true;

    /// <summary>Servers that keep the list of completed checkpoints; null: it is kept beside them.</summary>
    public string? ZooKeeper { get; init; }

    /// <summary>How many jobs, one after the other, share the work; at least 1.</summary>
    public int Generations { get; init; } = 3;

    /// <summary>Parallelism of the keyed operators: one value for all generations, or one each.</summary>
    public IReadOnlyList<int> Parallelism { get; init; } = [2];

    /// <summary>Time between periodic checkpoints; null: only the one at a generation's end.</summary>
    public TimeSpan? Interval { get; init; }

    /// <summary>Go on from the newest completed checkpoint below <see cref="Folder"/>.</summary>
    public bool Resume { get; init; }

    /// <summary>How often the input is read; at least 1.</summary>
    public int Replays { get; init; } = 1;

    /// <summary>Seed of all ids; null: the system's random generator.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Parallelism of a generation.</summary>
    /// <param name="generation">From 1; generations beyond the list use its last value.</param>
    public int ParallelismOf(int generation) => Parallelism[Math.Min(generation, Parallelism.Count) - 1];
}
