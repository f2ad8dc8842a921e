namespace Checkpointing.Torture.Fuzz;

/// <summary>Something that reads bytes of anybody: what it is given, and how it is judged.</summary>
/// <param name="Name">On the command line.</param>
/// <param name="Check">Judges one input.</param>
/// <param name="Load">Files to start from; real ones up to a size, 0: none of them.</param>
/// <param name="Mutators">Names, how often each is drawn, and what it does.</param>
/// <param name="MaxAllocatedBytes">Most bytes that reading an input of so many bytes may allocate.</param>
internal sealed record FuzzTarget(
    string Name, Func<byte[], FuzzVerdict> Check, Func<int, FuzzCorpus> Load, IReadOnlyList<FuzzMutator> Mutators,
    Func<int, long> MaxAllocatedBytes)
{
    private static readonly FuzzMutator[] s_blind =
    [
        new("bits", 2, BlindMutators.FlipBits),
        new("bytes", 2, BlindMutators.ChangeBytes),
        new("cut", 1, BlindMutators.Truncate),
        new("ranges", 2, BlindMutators.MoveRange),
        new("splice", 1, BlindMutators.Splice),
        new("garbage", 1, BlindMutators.Garbage),
    ];

    /// <summary>Metadata of every format.</summary>
    internal static FuzzTarget Metadata { get; } = new(
        "metadata",
        MetadataOracle.Check,
        FuzzCorpus.Load,
        [
            .. s_blind,
            new("flink-lie", 6, FlinkMutators.Lie),
            new("flink-shift", 2, FlinkMutators.ShiftFields),
            new("flink-version", 1, FlinkMutators.ChangeVersion),
            new("flink-boundary", 3, FlinkMutators.BoundaryNumbers),
            new("flink-splice", 1, FlinkMutators.SpliceFields),
            new("flink-flood", 1, FlinkMutators.Flood),
            new("native-fields", 3, NativeMutators.ChangeFields),
            new("native-headers", 2, NativeMutators.ChangeRecordHeaders),
            new("native-records", 3, NativeMutators.MoveRecords),
            new("native-nest", 1, NativeMutators.Nest),
            new("native-flood", 1, NativeMutators.Flood),
            new("native-unsealed", 1, NativeMutators.LeaveUnsealed),
        ],
        MetadataOracle.MaxAllocatedBytes);

    /// <summary>Canonical snapshots, with the offsets of their handle in front.</summary>
    internal static FuzzTarget Canonical { get; } = new(
        "canonical",
        CanonicalOracle.Check,
        static _ => FuzzCorpus.Of(CanonicalFile.Made()),
        [.. s_blind, new("sealed", 12, CanonicalMutators.ChangeSealed)],
        CanonicalOracle.MaxAllocatedBytes);

    /// <summary>What a ZooKeeper server may send.</summary>
    internal static FuzzTarget ZooKeeper { get; } = new(
        "zookeeper",
        ZooKeeperOracle.Check,
        static _ => FuzzCorpus.Of(ZooKeeperOracle.Made()),
        [.. s_blind, new("lengths", 4, ZooKeeperOracle.LieAboutLengths)],
        ZooKeeperOracle.MaxAllocatedBytes);

    /// <summary>All of them.</summary>
    internal static IReadOnlyList<FuzzTarget> All { get; } = [Metadata, Canonical, ZooKeeper];
}

/// <summary>Makes an input of the corpus.</summary>
/// <param name="Name">For counters.</param>
/// <param name="Share">How often it is drawn, beside the others.</param>
/// <param name="Mutate">Makes one.</param>
internal sealed record FuzzMutator(string Name, int Share, Func<FuzzRandom, FuzzCorpus, byte[]> Mutate);
