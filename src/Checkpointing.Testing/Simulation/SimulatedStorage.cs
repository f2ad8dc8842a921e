using System.Buffers;
using System.Runtime.CompilerServices;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.Testing.Simulation;

/// <summary>A storage in memory that models what a disk may forget: names that were not synced.</summary>
/// <remarks>
/// <para>It promises exactly what <see cref="ICheckpointStorage"/> does, and no more. The content of a committed file
/// is durable; its name is once its very folder was synced; a deletion likewise, so a deleted file may come back. What
/// a writer did not commit is nowhere. The folder's own name goes with <see cref="SyncFoldersAsync"/> of it.</para>
/// <para>Deterministic: every call ends before it returns, and listings are in ordinal order. Safe for concurrent
/// calls.</para>
/// </remarks>
public sealed class SimulatedStorage : ICheckpointStorage
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, StoredContent> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StoredContent> _durable = new(StringComparer.Ordinal);
    private readonly List<NameChange> _unsynced = [];
    private readonly TimeProvider _time;
    private int _powerCuts;

    /// <summary>An empty storage.</summary>
    /// <param name="timeProvider">Gives <see cref="StoredFile.ModifiedAt"/>, as wrong as one likes; null for the
    /// system's clock.</param>
    public SimulatedStorage(TimeProvider? timeProvider = null) => _time = timeProvider ?? TimeProvider.System;

    /// <summary>Called after a file was created (true) or deleted (false), with its path, under the storage's
    /// lock.</summary>
    public Action<string, bool>? NameChanged { get; set; }

    /// <inheritdoc/>
    public string Description => "simulated:";

    /// <summary>Null: there are no local files.</summary>
    public ILocalFileTransfer? LocalFiles => null;

    /// <summary>Paths of all files, in ordinal order; a copy.</summary>
    public IReadOnlyList<string> Files
    {
        get
        {
            lock (_lock)
            {
                return [.. _files.Keys];
            }
        }
    }

    /// <summary>Names given and taken that a power cut may lose.</summary>
    public int UnsyncedCount
    {
        get
        {
            lock (_lock)
            {
                return _unsynced.Count;
            }
        }
    }

    /// <summary>Whether a file is there, and would be after the worst power cut.</summary>
    public bool IsDurable(string path)
    {
        lock (_lock)
        {
            return _files.ContainsKey(path) && _durable.ContainsKey(path);
        }
    }

    /// <summary>Content of a file as it is now, or as it would be after the loss of all that is not synced; null if
    /// there is none.</summary>
    public ReadOnlyMemory<byte>? Peek(string path, bool isDurable = false)
    {
        lock (_lock)
        {
            return isDurable
                ? _durable.TryGetValue(path, out var durable) ? durable.Content : null
                : _files.TryGetValue(path, out var file) ? file.Content : null;
        }
    }

    /// <summary>Paths of the files of a folder that would be there after the loss of all that is not synced, in
    /// ordinal order.</summary>
    public IReadOnlyList<string> DurableFilesBelow(string folder)
    {
        lock (_lock)
        {
            return [.. _durable.Keys.Where(path => StoragePath.IsBelow(path, folder)).Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>The power goes and comes back: unsynced names are as <paramref name="aftermath"/> says, and writers
    /// that were open are of no use any more.</summary>
    /// <param name="aftermath">What is left.</param>
    /// <param name="random">Chooses what is left, where there is a choice.</param>
    public void CutPower(CrashAftermath aftermath, Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        lock (_lock)
        {
            _powerCuts++;
            var kept = aftermath switch
            {
                CrashAftermath.NothingLost => _unsynced.Count,
                CrashAftermath.TornPrefix => random.Next(_unsynced.Count + 1),
                CrashAftermath.UnsyncedReordered => _unsynced.RemoveAll(_ => random.Next(2) == 0) is var _
                    ? _unsynced.Count : 0,
                _ => 0,
            };
            foreach (var change in _unsynced.Take(kept))
            {
                Keep(change);
            }

            _unsynced.Clear();
            _files.Clear();
            foreach (var (path, file) in _durable)
            {
                _files.Add(path, file);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<Stream> OpenReadAsync(string path, long offset, CancellationToken cancellationToken)
    {
        StoragePath.Check(path);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            var content = _files.TryGetValue(path, out var file)
                ? file.Content
                : throw new StoredFileMissingException(path);
            var start = (int)Math.Min(offset, content.Length);
            return new(new MemoryStream(content, start, content.Length - start, writable: false));
        }
    }

    /// <inheritdoc/>
    public ValueTask<long?> GetLengthAsync(string path, CancellationToken cancellationToken)
    {
        StoragePath.Check(path);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return new(_files.TryGetValue(path, out var file) ? file.Content.LongLength : null);
        }
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
        lock (_lock)
        {
            foreach (var change in _unsynced.Where(c => folders.Contains(StoragePath.FolderOf(c.Path))))
            {
                Keep(change);
            }

            _unsynced.RemoveAll(change => folders.Contains(StoragePath.FolderOf(change.Path)));
        }

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
            if (_files.Remove(path))
            {
                _unsynced.Add(new(path, null));
                NameChanged?.Invoke(path, false);
            }
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
            AddNeedsLock(
                target, _files.TryGetValue(source, out var file) ? file : throw new StoredFileMissingException(source));
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

    private void Keep(NameChange change)
    {
        if (change.Content is { } content)
        {
            _durable[change.Path] = content;
        }
        else
        {
            _durable.Remove(change.Path);
        }
    }

    private void AddNeedsLock(string path, StoredContent content)
    {
        if (!_files.TryAdd(path, content))
        {
            throw new StoredFileExistsException(path);
        }

        _unsynced.Add(new(path, content));
        NameChanged?.Invoke(path, true);
    }

    private sealed record StoredContent(byte[] Content, DateTimeOffset ModifiedAt);

    /// <summary>A name that was given (with its content) or taken (null).</summary>
    private readonly record struct NameChange(string Path, StoredContent? Content);

    private sealed class Writer(SimulatedStorage storage, string path) : IStorageWriter
    {
        private readonly ArrayBufferWriter<byte> _content = new();
        private readonly int _powerCuts = storage._powerCuts;
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
            lock (storage._lock)
            {
                if (_powerCuts != storage._powerCuts)
                {
                    throw new CheckpointStorageUnavailableException(
                        path, "was being written when the power went.") { ChangedNothing = true };
                }

                storage.AddNeedsLock(path, new(_content.WrittenSpan.ToArray(), storage._time.GetUtcNow()));
            }

            return new(ContentDigest.Of(_content.WrittenSpan));
        }

        public ValueTask DisposeAsync()
        {
            _isClosed = true;
            return ValueTask.CompletedTask;
        }
    }
}
