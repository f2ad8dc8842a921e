using System.Buffers;
using System.Runtime.CompilerServices;
using Checkpointing.StateHandles;

namespace Checkpointing.Storage.InMemory;

/// <summary>Stores checkpoints in memory: for tests and simulations. Nothing survives the process.</summary>
/// <remarks>Deterministic: every call ends before it returns, and listings are in ordinal order.</remarks>
public sealed class InMemoryCheckpointStorage : ICheckpointStorage
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, Entry> _files = new(StringComparer.Ordinal);
    private readonly TimeProvider _timeProvider;

    /// <summary>An empty storage.</summary>
    /// <param name="timeProvider">Gives <see cref="StoredFile.ModifiedAt"/>; null for the system's clock.</param>
    public InMemoryCheckpointStorage(TimeProvider? timeProvider = null) =>
        _timeProvider = timeProvider ?? TimeProvider.System;

    /// <inheritdoc/>
    public string Description => "memory:";

    /// <summary>Null: there are no local files to link to.</summary>
    public ILocalFileTransfer? LocalFiles => null;

    /// <inheritdoc/>
    public ValueTask<Stream> OpenReadAsync(string path, long offset, CancellationToken cancellationToken)
    {
        StoragePath.Check(path);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        cancellationToken.ThrowIfCancellationRequested();
        var content = Find(path) ?? throw new StoredFileMissingException(path);
        var start = (int)Math.Min(offset, content.Length);
        return new(new MemoryStream(content, start, content.Length - start, writable: false));
    }

    /// <inheritdoc/>
    public ValueTask<long?> GetLengthAsync(string path, CancellationToken cancellationToken)
    {
        StoragePath.Check(path);
        cancellationToken.ThrowIfCancellationRequested();
        return new(Find(path)?.LongLength);
    }

    /// <inheritdoc/>
    public ValueTask<IStorageWriter> CreateAsync(string path, CancellationToken cancellationToken)
    {
        StoragePath.Check(path);
        cancellationToken.ThrowIfCancellationRequested();
        return new(new Writer(this, path));
    }

    /// <inheritdoc/>
    public ValueTask SyncFoldersAsync(IReadOnlyCollection<string> folders, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(folders);
        foreach (var folder in folders)
        {
            CheckFolder(folder);
        }

        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    /// <remarks>The files of one moment.</remarks>
    public async IAsyncEnumerable<StoredFile> ListAsync(
        string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        CheckFolder(folder);
        List<StoredFile> found = [];
        lock (_lock)
        {
            foreach (var (path, file) in _files)
            {
                if (StoragePath.IsBelow(path, folder))
                {
                    found.Add(new(path, file.Content.Length, file.ModifiedAt));
                }
            }
        }

        await ValueTask.CompletedTask.ConfigureAwait(false);
        foreach (var file in found)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return file;
        }
    }

    /// <inheritdoc/>
    public ValueTask DeleteAsync(string path, CancellationToken cancellationToken)
    {
        StoragePath.Check(path);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            _files.Remove(path);
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    /// <remarks>Both names share the bytes, as with a hard link.</remarks>
    public ValueTask<FileTransferKind> CopyAsync(string source, string target, CancellationToken cancellationToken)
    {
        StoragePath.Check(source);
        StoragePath.Check(target);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if (!_files.TryGetValue(source, out var file))
            {
                throw new StoredFileMissingException(source);
            }

            if (!_files.TryAdd(target, file))
            {
                throw new StoredFileExistsException(target);
            }
        }

        return new(FileTransferKind.HardLink);
    }

    /// <summary>Nothing to do: what a writer did not commit is nowhere.</summary>
    public ValueTask<int> SweepTemporaryFilesAsync(string folder, CancellationToken cancellationToken)
    {
        CheckFolder(folder);
        cancellationToken.ThrowIfCancellationRequested();
        return new(0);
    }

    private static void CheckFolder(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (folder.Length > 0)
        {
            StoragePath.Check(folder);
        }
    }

    private byte[]? Find(string path)
    {
        lock (_lock)
        {
            return _files.TryGetValue(path, out var file) ? file.Content : null;
        }
    }

    private void Add(string path, byte[] content)
    {
        var now = _timeProvider.GetUtcNow();
        lock (_lock)
        {
            if (!_files.TryAdd(path, new(content, now)))
            {
                throw new StoredFileExistsException(path);
            }
        }
    }

    private readonly record struct Entry(byte[] Content, DateTimeOffset ModifiedAt);

    private sealed class Writer(InMemoryCheckpointStorage storage, string path) : IStorageWriter
    {
        private readonly ArrayBufferWriter<byte> _content = new();
        private bool _isClosed;

        public long LengthBytes => _content.WrittenCount;

        public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            cancellationToken.ThrowIfCancellationRequested();
            _content.Write(bytes.Span);
            return ValueTask.CompletedTask;
        }

        public ValueTask<ContentDigest> CommitAsync(CancellationToken cancellationToken)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            cancellationToken.ThrowIfCancellationRequested();
            _isClosed = true;
            storage.Add(path, _content.WrittenSpan.ToArray());
            return new(ContentDigest.Of(_content.WrittenSpan));
        }

        public ValueTask DisposeAsync()
        {
            _isClosed = true;
            return ValueTask.CompletedTask;
        }
    }
}
