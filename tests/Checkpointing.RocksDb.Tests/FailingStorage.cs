using Checkpointing.Storage;

namespace Checkpointing.RocksDb.Tests;

/// <summary>A storage whose creations fail once, after some have succeeded.</summary>
internal sealed class FailingStorage(ICheckpointStorage inner, int failAfter) : ICheckpointStorage
{
    private int _left = failAfter;

    public string Description => inner.Description;

    public ILocalFileTransfer? LocalFiles => null;

    public ValueTask<IStorageWriter> CreateAsync(string path, CancellationToken cancellationToken) =>
        Interlocked.Decrement(ref _left) == -1
            ? throw new CheckpointStorageUnavailableException(path, "cannot be written: the test says so.")
            : inner.CreateAsync(path, cancellationToken);

    public ValueTask<Stream> OpenReadAsync(string path, long offset, CancellationToken cancellationToken) =>
        inner.OpenReadAsync(path, offset, cancellationToken);

    public ValueTask<long?> GetLengthAsync(string path, CancellationToken cancellationToken) =>
        inner.GetLengthAsync(path, cancellationToken);

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
