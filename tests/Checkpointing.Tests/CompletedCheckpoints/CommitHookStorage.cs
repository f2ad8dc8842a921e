using Checkpointing.StateHandles;
using Checkpointing.Storage;
using Checkpointing.Storage.InMemory;

namespace Checkpointing.Tests.CompletedCheckpoints;

/// <summary>A storage in memory whose next commit does what a test says: for answers that are lost on the
/// way.</summary>
internal sealed class CommitHookStorage : ICheckpointStorage
{
    private readonly InMemoryCheckpointStorage _inner = new();

    /// <summary>Runs instead of the next commit, once; its argument is the real commit.</summary>
    public Func<Func<ValueTask<ContentDigest>>, ValueTask<ContentDigest>>? OnCommit { get; set; }

    /// <summary>Whether syncing folders fails.</summary>
    public bool IsSyncBroken { get; set; }

    public string Description => _inner.Description;

    public ILocalFileTransfer? LocalFiles => null;

    public ValueTask<Stream> OpenReadAsync(string path, long offset, CancellationToken cancellationToken) =>
        _inner.OpenReadAsync(path, offset, cancellationToken);

    public ValueTask<long?> GetLengthAsync(string path, CancellationToken cancellationToken) =>
        _inner.GetLengthAsync(path, cancellationToken);

    public async ValueTask<IStorageWriter> CreateAsync(string path, CancellationToken cancellationToken)
    {
        var hook = OnCommit;
        OnCommit = null;
        return new Writer(await _inner.CreateAsync(path, cancellationToken), hook);
    }

    public ValueTask SyncFoldersAsync(IReadOnlyCollection<string> folders, CancellationToken cancellationToken) =>
        IsSyncBroken
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

    private sealed class Writer(
        IStorageWriter inner, Func<Func<ValueTask<ContentDigest>>, ValueTask<ContentDigest>>? hook) : IStorageWriter
    {
        public long LengthBytes => inner.LengthBytes;

        public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
            inner.WriteAsync(bytes, cancellationToken);

        public ValueTask<ContentDigest> CommitAsync(CancellationToken cancellationToken) => hook is null
            ? inner.CommitAsync(cancellationToken)
            : hook(() => inner.CommitAsync(cancellationToken));

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
