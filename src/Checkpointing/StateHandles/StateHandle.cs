namespace Checkpointing.StateHandles;

/// <summary>Says where stored state is, and how large. Plain data: it opens nothing and deletes nothing.</summary>
public abstract record StateHandle
{
    /// <summary>Bytes stored behind the handle; 0 for a placeholder; -1 if not known.</summary>
    public abstract long SizeBytes { get; }

    /// <summary>What a newer library said about the handle in our own format; empty as a rule.</summary>
    public ValueList<OpaqueRecord> UnknownRecords { get; init; }
}

/// <summary>A handle to one run of bytes.</summary>
public abstract record StreamStateHandle : StateHandle;

/// <summary>One file.</summary>
/// <param name="Path">Below the storage's root, with <c>/</c>; or absolute with its scheme; never empty.</param>
/// <param name="FileSizeBytes">Length of the file.</param>
/// <param name="Digest">Digest of the content; null if the format that it was read from keeps none.</param>
public sealed record FileStateHandle(string Path, long FileSizeBytes, ContentDigest? Digest = null) : StreamStateHandle
{
    /// <inheritdoc/>
    public override long SizeBytes => FileSizeBytes;
}

/// <summary>One file, named relative to the folder that holds the metadata: a savepoint can be moved as a
/// whole.</summary>
/// <param name="RelativePath">With <c>/</c>. One of ours has no leading slash and no <c>..</c>; a file of Flink's may
/// name anything.</param>
/// <param name="FileSizeBytes">Length of the file.</param>
/// <param name="Digest">Digest of the content; null if the format that it was read from keeps none.</param>
public sealed record RelativeFileStateHandle(string RelativePath, long FileSizeBytes, ContentDigest? Digest = null)
    : StreamStateHandle
{
    /// <inheritdoc/>
    public override long SizeBytes => FileSizeBytes;
}

/// <summary>Bytes held in the metadata itself.</summary>
/// <param name="Name">A name, for messages only.</param>
/// <param name="Data">The bytes.</param>
public sealed record ByteStreamStateHandle(string Name, ValueList<byte> Data) : StreamStateHandle
{
    /// <inheritdoc/>
    public override long SizeBytes => Data.Count;
}

/// <summary>"The same file as before": stands for a file that the registry knows. Never stored in metadata.</summary>
/// <param name="Key">Names the file.</param>
/// <param name="FileSizeBytes">Length of the file that is meant, for statistics.</param>
public sealed record PlaceholderStateHandle(SharedStateKey Key, long FileSizeBytes) : StreamStateHandle
{
    /// <inheritdoc/>
    public override long SizeBytes => 0;
}
