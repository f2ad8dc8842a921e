using Checkpointing.KeyGroups;
using Checkpointing.RocksDb.Native;
using Checkpointing.StateHandles;

namespace Checkpointing.RocksDb.Snapshots;

/// <summary>What the files of an incremental snapshot mean: all that RocksDB must be told to import them.</summary>
/// <remarks>RocksDB accepts wrong facts without a word (a file left out, sequence numbers or levels changed), so the
/// catalogue is digested and validated by us. <see cref="CatalogueFormat"/> has its bytes.</remarks>
internal sealed record Catalogue
{
    /// <summary>Backend that made the snapshot.</summary>
    public required Guid BackendId { get; init; }

    /// <summary>Its key groups.</summary>
    public required KeyGroupRange Range { get; init; }

    /// <summary>The checkpoint.</summary>
    public required CheckpointId CheckpointId { get; init; }

    /// <summary>No file has a larger sequence number: that of the newest write in the snapshot, plus one if a file was
    /// written over others.</summary>
    public required ulong Sequence { get; init; }

    /// <summary>Levels of a column family; every file's level is below.</summary>
    public required int LevelCount { get; init; }

    /// <summary>The states, each one column family.</summary>
    public required IReadOnlyList<CatalogueState> States { get; init; }

    /// <summary>The files, in the order of the handle's shared files.</summary>
    public required IReadOnlyList<CatalogueFile> Files { get; init; }
}

/// <summary>One state of a catalogue.</summary>
/// <param name="Description">The state.</param>
/// <param name="ColumnFamily">Name of its column family.</param>
/// <param name="MergeOperator">Name of the operator that its files may hold operands of.</param>
/// <param name="FileCount">Number of its files.</param>
internal sealed record CatalogueState(
    StateDescription Description, string ColumnFamily, string MergeOperator, int FileCount);

/// <summary>One file of a catalogue.</summary>
/// <param name="File">What RocksDB said of it; its name is that in the database that made the snapshot.</param>
/// <param name="Digest">Digest of its bytes.</param>
/// <param name="StoredKey">Key under which it was stored: for people, and to find it again by hand.</param>
internal sealed record CatalogueFile(LiveFile File, ContentDigest Digest, string StoredKey);
