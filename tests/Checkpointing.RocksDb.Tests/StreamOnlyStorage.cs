using Checkpointing.Storage;

namespace Checkpointing.RocksDb.Tests;

/// <summary>A storage that has no way but streams, as an object store.</summary>
internal sealed class StreamOnlyStorage(ICheckpointStorage inner) : ICheckpointStorage
{
    public string Description => inner.Description;

    public ILocalFileTransfer? LocalFiles => null;

    public ValueTask<Stream> OpenReadAsync(string path, long offset, CancellationToken cancellationToken) =>
        inner.OpenReadAsync(path, offset, cancellationToken);

    public ValueTask<long?> GetLengthAsync(string path, CancellationToken cancellationToken) =>
        inner.GetLengthAsync(path, cancellationToken);

    public ValueTask<IStorageWriter> CreateAsync(string path, CancellationToken cancellationToken) =>
        inner.CreateAsync(path, cancellationToken);

    public ValueTask SyncFoldersAsync(IReadOnlyCollection<string> folders, CancellationToken cancellationToken) =>
        inner.SyncFoldersAsync(folders, cancellationToken);

    public IAsyncEnumerable<StoredFile> ListAsync(string folder, CancellationToken cancellationToken) =>
        inner.ListAsync(folder, cancellationToken);

    public ValueTask DeleteAsync(string path, CancellationToken cancellationToken) =>
        inner.DeleteAsync(path, cancellationToken);

    public ValueTask<FileTransferKind> CopyAsync(string source, string target, CancellationToken cancellationToken) =>
        inner.CopyAsync(source, target, cancellationToken);

    public ValueTask<int> SweepTemporaryFilesAsync(string folder, CancellationToken cancellationToken) =>
        inner.SweepTemporaryFilesAsync(folder, cancellationToken);
}
