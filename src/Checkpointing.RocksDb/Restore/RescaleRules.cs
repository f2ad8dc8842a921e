namespace Checkpointing.RocksDb.Restore;

/// <summary>Bounds that <see cref="RescalePlanner"/> chooses by.</summary>
internal sealed record RescaleRules
{
    /// <summary>The rules of every restore; tests force a path by others.</summary>
    internal static RescaleRules Default { get; } = new();

    /// <summary>Whether files may be imported at all.</summary>
    public bool MayImport { get; init; } = true;

    /// <summary>A patch is laid over a source's files if the files that it replaces have at most this share of the
    /// bytes of those that are taken. A patch reads what it covers twice and keeps the old rows below it, but files
    /// that are taken need no new upload: with more than as much, writing all anew costs less.</summary>
    public double MaxPatchShare { get; init; } = 1.0;

    /// <summary>Files of level 0 that a column family may begin with. RocksDB stops writing at 36.</summary>
    public int MaxLevel0Files { get; init; } = 32;

    /// <summary>Size at which a rewritten part begins another file.</summary>
    public long RewrittenFileBytes { get; init; } = 64 << 20;
}
