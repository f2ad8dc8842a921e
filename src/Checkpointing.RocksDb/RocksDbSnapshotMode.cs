namespace Checkpointing.RocksDb;

/// <summary>What a checkpoint stores. Savepoints are as their trigger asks.</summary>
public enum RocksDbSnapshotMode
{
    /// <summary>RocksDB's files, of which only new ones travel. Restoring the same range imports them.</summary>
    Incremental = 0,

    /// <summary>All rows in one stream, in the form that every backend reads.</summary>
    Full = 1,
}
