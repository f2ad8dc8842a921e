namespace Checkpointing.Storage.Local;

/// <summary>Settings of a <see cref="LocalCheckpointStorage"/>; copied when it is made.</summary>
public sealed class LocalStorageOptions
{
    /// <summary>Whether every file is copied: no hard link is ever made and no blocks are shared. Default:
    /// false.</summary>
    /// <remarks>For file systems whose hard links are not to be trusted, and where each checkpoint shall stand on
    /// blocks of its own. Costs time and space; everything else stays as it is.</remarks>
    public bool ForceCopy { get; set; }

    /// <summary>Whether no hard link is made, but blocks are shared where the file system can (reflink: btrfs, XFS and
    /// others, on Linux); elsewhere files are copied. Default: false.</summary>
    /// <remarks>A stored file then is a file of its own: changing the mode or the bytes of the live one does not reach
    /// it. A damaged block still reaches both; only <see cref="ForceCopy"/> stores the bytes twice.</remarks>
    public bool NoHardLinks { get; set; }

    /// <summary>Limits the copies of whole files, for example one limit for all storages and backends of a process.
    /// Default: none. Links and shared blocks move no bytes and do not wait. Not owned.</summary>
    public ByteRateLimit? CopyRateLimit { get; set; }

    /// <summary>Bytes of the volume that checkpoints leave free, from 0: one that would likely use them is declined
    /// with
    /// <see cref="CheckpointFailureReason.InsufficientSpace"/> before anything is written, and the job goes on.
    /// Default: 16 MiB.</summary>
    public long ReservedBytes { get; set; } = 16 << 20;

    /// <summary>Whether files are read and deleted through symbolic links that lead out of the root. Default:
    /// false: <see cref="ForeignPathException"/>.</summary>
    /// <remarks>Paths come from metadata, and a folder from elsewhere may hold links to anything. Set it only where you
    /// made the links yourself, for example to spread jobs over volumes.</remarks>
    public bool AllowForeignRoots { get; set; }
}
