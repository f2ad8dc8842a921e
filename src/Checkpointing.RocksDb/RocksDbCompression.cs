namespace Checkpointing.RocksDb;

/// <summary>How blocks are compressed. The numbers are RocksDB's.</summary>
public enum RocksDbCompression
{
    /// <summary>Not at all.</summary>
    None = 0,

    /// <summary>Snappy.</summary>
    Snappy = 1,

    /// <summary>LZ4: fast.</summary>
    Lz4 = 4,

    /// <summary>Zstandard: small.</summary>
    Zstd = 7,
}
