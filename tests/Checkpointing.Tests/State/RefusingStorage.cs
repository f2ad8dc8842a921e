using Checkpointing.Storage;
using Checkpointing.Storage.InMemory;

namespace Checkpointing.Tests.State;

/// <summary>A storage in memory that refuses to create files, or to sync folders, after a number of them.</summary>
internal sealed class RefusingStorage : ICheckpointStorage
{
    private readonly InMemoryCheckpointStorage _inner = new();

    public int CreationsUntilRefusal { get; set; } = int.MaxValue;

    public bool RefusesSync { get; set; }

    public string Description => _inner.Description;

    public ILocalFileTransfer? LocalFiles => null;

    public ValueTask<Stream> OpenReadAsync(string path, long offset, CancellationToken cancellationToken) =>
        _inner.OpenReadAsync(path, offset, cancellationToken);

    public ValueTask<long?> GetLengthAsync(string path, CancellationToken cancellationToken) =>
        _inner.GetLengthAsync(path, cancellationToken);

    public ValueTask<IStorageWriter> CreateAsync(string path, CancellationToken cancellationToken) =>
        CreationsUntilRefusal-- > 0
            ? _inner.CreateAsync(path, cancellationToken)
            : throw new CheckpointStorageUnavailableException(path, "could not be written: no space left.");

    public ValueTask SyncFoldersAsync(IReadOnlyCollection<string> folders, CancellationToken cancellationToken) =>
        RefusesSync
        ? throw new CheckpointStorageUnavailableException(folders.First(), "could not be synced.")
        : _inner.SyncFoldersAsync(folders, cancellationToken);

    public IAsyncEnumerable<StoredFile> ListAsync(string folder, CancellationToken cancellationToken) =>
        _inner.ListAsync(folder, cancellationToken);

    public ValueTask DeleteAsync(string path, CancellationToken cancellationToken) =>
        _inner.DeleteAsync(path, cancellationToken);

    public ValueTask<FileTransferKind> CopyAsync(string source, string target, CancellationToken cancellationToken) =>
        _inner.CopyAsync(source, target, cancellationToken);

    public ValueTask<int> SweepTemporaryFilesAsync(string folder, CancellationToken cancellationToken) =>
        _inner.SweepTemporaryFilesAsync(folder, cancellationToken);
}
