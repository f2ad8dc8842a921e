using System.Diagnostics.Metrics;
using Checkpointing.RocksDb.Restore;
using Checkpointing.Storage;

namespace Checkpointing.RocksDb;

/// <summary>Settings of the RocksDB backend. Values only.</summary>
/// <remarks>What snapshots rely on cannot be set: no write-ahead log, one writer, a block cache for each
/// database.</remarks>
public sealed class RocksDbBackendOptions
{
    /// <summary>Folder for the live databases, best on a fast local disk, and on the volume of a local checkpoint
    /// storage:
    /// then files are linked and not copied. Relative to the current directory when the factory is made. Several
    /// processes may share it. Nothing in it outlives its backend.</summary>
    public required string WorkingDirectory { get; set; }

    /// <summary>Memory for new rows of one state before they are written to a file, 64 KiB to 1 GiB. Default: 8 MiB. Up
    /// to
    /// four times as much while files are written behind.</summary>
    public long WriteBufferSizeBytes { get; set; } = 8 << 20;

    /// <summary>Memory for blocks read, a subtask, 64 KiB to 1 TiB. Default: 32 MiB.</summary>
    public long BlockCacheBytes { get; set; } = 32 << 20;

    /// <summary>A budget that this factory's backends share with those of other factories. Default: none; each backend
    /// takes what its own settings allow. Not owned.</summary>
    public RocksDbMemory? Memory { get; set; }

    /// <summary>What is measured goes to this meter, whose name should be <see cref="RocksDbMetrics.MeterName"/>; with
    /// an <see cref="IMeterFactory"/>: <c>factory.Create(RocksDbMetrics.MeterName)</c>, which
    /// <see cref="RocksDbBuilderExtensions.UseRocksDbBackend"/> does with the host's factory. Default: one that all of
    /// the process share. Not owned.</summary>
    public Meter? Meter { get; set; }

    /// <summary>Files that one database keeps open, at least 20; -1: all. Default: 1,000.</summary>
    public int MaxOpenFiles { get; set; } = 1_000;

    /// <summary>How blocks are compressed. Default: LZ4.</summary>
    public RocksDbCompression Compression { get; set; } = RocksDbCompression.Lz4;

    /// <summary>Files transferred at a time by one snapshot or restore, 1 to 64. Default: 4.</summary>
    public int TransferParallelism { get; set; } = 4;

    /// <summary>What a checkpoint stores. Default: incremental.</summary>
    public RocksDbSnapshotMode Snapshots { get; set; } = RocksDbSnapshotMode.Incremental;

    /// <summary>Whether RocksDB's bookkeeping is kept in memory where the system has a folder for that (<c>/dev/shm</c>
    /// on Linux, with at least 16 MB free), and not on the disk. Default: true; restoring and checkpoints are faster,
    /// as nothing of it is needed after a crash. Some 20 KB a state and 256 KB a backend, more only if it has
    /// thousands of files. What a dead process left there goes when a factory first opens a backend.</summary>
    /// <remarks>Should the system remove these files while a backend is open, a later checkpoint fails, and nothing
    /// that was completed is lost. Some do when a user logs out: switch it off for a service that runs as such a
    /// user.</remarks>
    public bool KeepsBookkeepingInMemory { get; set; } = true;

    /// <summary>What is verified of the files of an incremental snapshot before its rows are believed. Default:
    /// everything.</summary>
    public RestoreVerification Verification { get; set; } = RestoreVerification.Full;

    /// <summary>Rate at which one backend reads files that are verified behind it, in bytes a second, 1 KiB to 1 TiB.
    /// Default: 64 MiB. The first checkpoint waits for it: a job of 64 GiB a subtask would take 17 minutes.</summary>
    public long VerificationBytesPerSecond { get; set; } = 64 << 20;

    /// <summary>Limits what snapshots and restores read and send: files that go through the process, and the reading
    /// of local ones for their digests; share it with others, for example with
    /// <see cref="Storage.Local.LocalStorageOptions.CopyRateLimit"/>. Links move no bytes. Default: none. Not
    /// owned.</summary>
    public ByteRateLimit? TransferRateLimit { get; set; }

    /// <summary>How another key-group range than the stored one is restored.</summary>
    internal RescaleRules Rescaling { get; set; } = RescaleRules.Default;

    /// <summary>Whether foreign rows are compacted away after a restore; without it they go as RocksDB
    /// compacts.</summary>
    internal bool CleansUp { get; set; } = true;

    /// <summary>Ways of restoring taken; copies of the options share them.</summary>
    internal RestoreCounts Counts { get; } = new();

    /// <summary>Checks every setting; the factory calls it.</summary>
    /// <exception cref="SettingOutOfRangeException">A setting is missing or outside its range; the message names
    /// it.</exception>
    public void Validate()
    {
        SettingOutOfRangeException.ThrowUnless(
            !string.IsNullOrWhiteSpace(WorkingDirectory), nameof(WorkingDirectory), WorkingDirectory,
            "a folder for live databases");
        SettingOutOfRangeException.ThrowUnless(
            WriteBufferSizeBytes is >= 64 << 10 and <= 1 << 30, nameof(WriteBufferSizeBytes), WriteBufferSizeBytes,
            "65,536 to 1,073,741,824");
        SettingOutOfRangeException.ThrowUnless(
            BlockCacheBytes is >= 64 << 10 and <= 1L << 40, nameof(BlockCacheBytes), BlockCacheBytes,
            "65,536 to 1,099,511,627,776");
        SettingOutOfRangeException.ThrowUnless(
            TransferParallelism is >= 1 and <= 64, nameof(TransferParallelism), TransferParallelism, "1 to 64");
        SettingOutOfRangeException.ThrowUnless(
            MaxOpenFiles is -1 or >= 20, nameof(MaxOpenFiles), MaxOpenFiles, "at least 20, or -1 for all");
        SettingOutOfRangeException.ThrowUnless(
            VerificationBytesPerSecond is >= 1 << 10 and <= 1L << 40, nameof(VerificationBytesPerSecond),
            VerificationBytesPerSecond, "1,024 to 1,099,511,627,776");
        SettingOutOfRangeException.ThrowUnless(
            Enum.IsDefined(Verification), nameof(Verification), Verification, "a way of verifying that is known");
        SettingOutOfRangeException.ThrowUnless(
            Enum.IsDefined(Compression), nameof(Compression), Compression, "a compression that is known");
        SettingOutOfRangeException.ThrowUnless(
            Enum.IsDefined(Snapshots), nameof(Snapshots), Snapshots, "a kind of snapshot that is known");
    }

    internal RocksDbBackendOptions Copy() => (RocksDbBackendOptions)MemberwiseClone();
}
