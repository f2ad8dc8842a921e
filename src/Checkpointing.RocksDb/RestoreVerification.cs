namespace Checkpointing.RocksDb;

/// <summary>What of an incremental snapshot is verified before its rows are believed. Metadata and catalogues always
/// are, and so are full snapshots, which are read from end to end anyway.</summary>
public enum RestoreVerification
{
    /// <summary>Length and digest of every file. Takes reading all of them.</summary>
    Full = 0,

    /// <summary>Length of every file, and the digest of files that travel through the process. A flipped bit in a
    /// linked file is not found: RocksDB may find it when it reads that block, or never.</summary>
    Sizes = 1,

    /// <summary>As <see cref="Sizes"/>, and then the digests, behind the running job at a limited rate. No checkpoint
    /// completes before all have passed; a file that does not fails the job with
    /// <see cref="CheckpointCorruptException"/>. Rows may have been believed by then, but none of what came of them was
    /// made durable by a checkpoint.</summary>
    Background = 2,
}
