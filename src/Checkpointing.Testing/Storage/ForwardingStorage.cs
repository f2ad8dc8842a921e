using Checkpointing.Storage;

namespace Checkpointing.Testing.Storage;

/// <summary>A storage that hands every call on to another: the base of storages that change one thing for a
/// test.</summary>
/// <remarks>Owns nothing: whoever made the inner storage disposes it. As safe for concurrent calls as the inner
/// one.</remarks>
/// <param name="inner">Where the calls go.</param>
public abstract class ForwardingStorage(ICheckpointStorage inner) : ICheckpointStorage
{
    /// <inheritdoc/>
    public virtual string Description => inner.Description;

    /// <inheritdoc/>
    public virtual ILocalFileTransfer? LocalFiles => inner.LocalFiles;

    /// <inheritdoc/>
    public virtual ValueTask<StorageSpace?> GetSpaceAsync(CancellationToken cancellationToken) =>
        inner.GetSpaceAsync(cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<Stream> OpenReadAsync(string path, long offset, CancellationToken cancellationToken) =>
        inner.OpenReadAsync(path, offset, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<long?> GetLengthAsync(string path, CancellationToken cancellationToken) =>
        inner.GetLengthAsync(path, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<IStorageWriter> CreateAsync(string path, CancellationToken cancellationToken) =>
        inner.CreateAsync(path, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask SyncFoldersAsync(
        IReadOnlyCollection<string> folders, CancellationToken cancellationToken) =>
        inner.SyncFoldersAsync(folders, cancellationToken);

    /// <inheritdoc/>
    public virtual IAsyncEnumerable<StoredFile> ListAsync(string folder, CancellationToken cancellationToken) =>
        inner.ListAsync(folder, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask DeleteAsync(string path, CancellationToken cancellationToken) =>
        inner.DeleteAsync(path, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<FileTransferKind> CopyAsync(
        string source, string target, CancellationToken cancellationToken) =>
        inner.CopyAsync(source, target, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<int> SweepTemporaryFilesAsync(string folder, CancellationToken cancellationToken) =>
        inner.SweepTemporaryFilesAsync(folder, cancellationToken);
}
