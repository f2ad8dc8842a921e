namespace Checkpointing.RocksDb.Native;

/// <summary>One SST file of a database's current version, as RocksDB describes it.</summary>
internal sealed record LiveFile
{
    /// <summary>Name of the column family.</summary>
    public required string ColumnFamily { get; init; }

    /// <summary>File name without folder, for example <c>000012.sst</c>. Never used twice within one opened database,
    /// but
    /// again after a restore.</summary>
    public required string Name { get; init; }

    /// <summary>Level, from 0.</summary>
    public required int Level { get; init; }

    /// <summary>Smallest key in it.</summary>
    public required byte[] SmallestKey { get; init; }

    /// <summary>Largest key in it.</summary>
    public required byte[] LargestKey { get; init; }

    /// <summary>Smallest sequence number in it; 0 where compaction has dropped it.</summary>
    public required ulong SmallestSequence { get; init; }

    /// <summary>Largest sequence number in it.</summary>
    public required ulong LargestSequence { get; init; }

    /// <summary>Length.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>Entries, deletions included.</summary>
    public required ulong EntryCount { get; init; }

    /// <summary>Deletions.</summary>
    public required ulong DeletionCount { get; init; }
}
