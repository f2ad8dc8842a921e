using Checkpointing.Coordination;
using Checkpointing.KeyGroups;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.Torture.Cluster;

/// <summary>An incremental backend in miniature, with real bytes: rows in files that never change, compactions, bases,
/// placeholders, uploads that outlive their checkpoint, and restoring at any parallelism.</summary>
internal sealed class RowBackend : IClusterState
{
    private const int KeyCount = 64;
    private const int MostFiles = 5;
    private static readonly byte[] s_meta = "rows"u8.ToArray();

    private readonly KeyGroupRange _range;
    private readonly int _keyGroupCount;
    private readonly ICheckpointStorage _storage;
    private readonly IdSource _ids;
    private readonly List<RowFile> _live = [];
    private readonly List<RowFile> _uploads = [];
    private readonly Dictionary<CheckpointId, RowFile[]> _maps = [];
    private readonly SortedDictionary<int, long?> _memtable = [];
    private Guid _backendId;
    private Task _writing = Task.CompletedTask;
    private int _nextFile;

    private RowBackend(KeyGroupRange range, int keyGroupCount, ICheckpointStorage storage, IdSource ids)
    {
        (_range, _keyGroupCount, _storage, _ids) = (range, keyGroupCount, storage, ids);
        _backendId = ids.NewGuid();
    }

    public IReadOnlyDictionary<int, long> Rows
    {
        get
        {
            var rows = new Dictionary<int, long>();
            foreach (var (key, value) in _live.SelectMany(static file => file.Rows)
                .Concat(_memtable.Select(static row => (row.Key, row.Value))))
            {
                if (value is { } present)
                {
                    rows[key] = present;
                }
                else
                {
                    rows.Remove(key);
                }
            }

            return rows;
        }
    }

    public static async Task<RowBackend> OpenAsync(
        SubtaskAddress address, int parallelism, int keyGroupCount, SubtaskRestore restore, ICheckpointStorage storage,
        IdSource ids)
    {
        var range = KeyGroupAssignment.RangeOf(address.Index, parallelism, keyGroupCount);
        var backend = new RowBackend(range, keyGroupCount, storage, ids);
        await backend.RestoreAsync(restore);
        return backend;
    }

    public void Change(Random random)
    {
        for (var change = 1 + random.Next(3); change > 0; change--)
        {
            var key = random.Next(KeyCount);
            if (_range.Contains(key % _keyGroupCount))
            {
                _memtable[key] = random.Next(5) == 0 ? null : random.Next(1_000_000);
            }
        }

        if (random.Next(3) == 0)
        {
            Flush();
        }

        if (_live.Count > MostFiles || (_live.Count > 1 && random.Next(8) == 0))
        {
            Compact();
        }
    }

    public Func<Task<SubtaskSnapshot>> Prepare(SnapshotRequest request)
    {
        Flush();
        RowFile[] files = [.. _live];
        if (request.Kind != CheckpointKind.Savepoint)
        {
            _maps[request.CheckpointId] = files;
        }

        return () =>
        {
            // One writes after the other: so no file is sent twice. Each waits for a task of its own: of several who
            // wait for one task, some would go on on other threads.
            var (before, done) = (_writing, new TaskCompletionSource());
            _writing = done.Task;
            return WriteAsync(before, done, request, files);
        };
    }

    public void Completed(CheckpointId id)
    {
        foreach (var older in _maps.Keys.Where(key => key < id).ToList())
        {
            _maps.Remove(older);
        }
    }

    public void Aborted(CheckpointId id) => _maps.Remove(id);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Flush()
    {
        if (_memtable.Count > 0)
        {
            _live.Add(new($"{_nextFile++:D6}.sst", [.. _memtable.Select(static row => (row.Key, row.Value))]));
            _memtable.Clear();
        }
    }

    /// <summary>The two oldest files become one.</summary>
    private void Compact()
    {
        var rows = new SortedDictionary<int, long?>();
        foreach (var (key, value) in _live[0].Rows.Concat(_live[1].Rows))
        {
            rows[key] = value;
        }

        _live.RemoveRange(0, 2);
        _live.Insert(0, new($"{_nextFile++:D6}.sst", [.. rows.Select(static row => (row.Key, row.Value))]));
    }

    private async Task<SubtaskSnapshot> WriteAsync(
        Task before, TaskCompletionSource done, SnapshotRequest request, RowFile[] files)
    {
        await before;
        try
        {
            return await WriteAsync(request, files);
        }
        finally
        {
            done.SetResult();
        }
    }

    private async Task<SubtaskSnapshot> WriteAsync(SnapshotRequest request, RowFile[] files)
    {
        var meta = await StoreExclusiveAsync(request, s_meta);
        try
        {
            return request.Kind == CheckpointKind.Savepoint
                ? await WriteSavepointAsync(request, files, meta)
                : await WriteCheckpointAsync(request, files, meta);
        }
        catch (CheckpointingException)
        {
            await DeleteQuietlyAsync(PathOf(request, meta));
            throw;
        }
    }

    private async Task<SubtaskSnapshot> WriteCheckpointAsync(
        SnapshotRequest request, RowFile[] files, StreamStateHandle meta)
    {
        var inBase = request.Base is { } id ? _maps.GetValueOrDefault(id, []) : [];
        var named = new List<StateFile>();
        var cost = new SnapshotCost(s_meta.Length, 1, 0, 0);
        foreach (var file in files)
        {
            if (file.Upload is { } stored && !file.MustCopy && inBase.Contains(file))
            {
                var key = SharedStateKey.Of(stored.Path, _backendId, _range);
                named.Add(new(file.Name, new PlaceholderStateHandle(key, stored.FileSizeBytes)));
                cost += new SnapshotCost(0, 0, stored.FileSizeBytes, 1);
                continue;
            }

            cost += file.Upload is null ? new SnapshotCost(0, 1, 0, 0) : default;
            await UploadAsync(request, file);
            named.Add(new(file.Name, file.Upload!));
        }

        foreach (var file in files)
        {
            file.IsNamed = true;
        }

        var handle = new IncrementalKeyedStateHandle(
            _backendId, _range, request.CheckpointId, named.ToValueList(), [], meta, cost.NewBytes);
        return new(handle, null, [], cost, await GiveUpAsync());
    }

    private async Task<SubtaskSnapshot> WriteSavepointAsync(
        SnapshotRequest request, RowFile[] files, StreamStateHandle meta)
    {
        var own = new List<StateFile>();
        try
        {
            foreach (var file in files)
            {
                own.Add(new(file.Name, await StoreExclusiveAsync(request, file.Encode())));
            }
        }
        catch (CheckpointingException)
        {
            foreach (var file in own)
            {
                await DeleteQuietlyAsync(PathOf(request, file.Handle));
            }

            throw;
        }

        var handle = new IncrementalKeyedStateHandle(
            _backendId, _range, request.CheckpointId, [], own.ToValueList(), meta);
        return new(handle, null, [], new(0, own.Count, 0, 0), []);
    }

    private async Task UploadAsync(SnapshotRequest request, RowFile file)
    {
        if (file is { Upload: not null, MustCopy: false })
        {
            return;
        }

        var path = request.NewSharedPath(_backendId, _range, _ids);
        try
        {
            if (file.Upload is { } foreign)
            {
                await _storage.CopyAsync(foreign.Path, path, CancellationToken.None);
                file.Upload = foreign with { Path = path };
            }
            else
            {
                var bytes = file.Encode();
                var digest = await _storage.CreateAllAsync(path, bytes, CancellationToken.None);
                file.Upload = new(path, bytes.Length, digest);
            }
        }
        catch (CheckpointingException)
        {
            // It may be there all the same; nobody else knows the name.
            await DeleteQuietlyAsync(path);
            throw;
        }

        (file.MustCopy, file.IsNamed) = (false, false);
        _uploads.Add(file);
    }

    /// <summary>Uploads that will never be named again: those named once are given up, the others deleted.</summary>
    private async Task<List<SharedStateKey>> GiveUpAsync()
    {
        var gone = _uploads.Where(file => !_live.Contains(file) && !_maps.Values.Any(map => map.Contains(file)))
            .ToList();
        _uploads.RemoveAll(gone.Contains);
        foreach (var file in gone.Where(static file => !file.IsNamed))
        {
            await DeleteQuietlyAsync(file.Upload!.Path);
        }

        return
        [
            .. gone.Where(static file => file.IsNamed)
                .Select(file => SharedStateKey.Of(file.Upload!.Path, _backendId, _range)),
        ];
    }

    private async Task<StreamStateHandle> StoreExclusiveAsync(SnapshotRequest request, byte[] bytes)
    {
        var path = request.NewExclusivePath(_ids);
        try
        {
            var digest = await _storage.CreateAllAsync(path, bytes, CancellationToken.None);
            return request.NewExclusiveHandle(path, bytes.Length, digest);
        }
        catch (CheckpointingException)
        {
            await DeleteQuietlyAsync(path);
            throw;
        }
    }

    private async Task DeleteQuietlyAsync(string path)
    {
        try
        {
            await _storage.DeleteAsync(path, CancellationToken.None);
        }
        catch (CheckpointingException)
        {
            // An orphan, which a sweep takes.
        }
    }

    private async Task RestoreAsync(SubtaskRestore restore)
    {
        var handles = restore.Keyed.OfType<IncrementalKeyedStateHandle>().ToList();
        if (handles is [var only] && only.Range == _range && !restore.IsForeign && only.PrivateFiles.Count == 0)
        {
            _backendId = only.BackendId;
        }

        foreach (var handle in handles)
        {
            await ReadAsync((FileStateHandle)handle.MetaFile);
            foreach (var file in handle.SharedFiles.Concat(handle.PrivateFiles))
            {
                await RestoreAsync((FileStateHandle)file.Handle, restore.IsForeign || handle.PrivateFiles.Count > 0);
            }
        }

        _maps[restore.Checkpoint] = [.. _live.Where(static file => file.Upload is not null && !file.MustCopy)];
    }

    private async Task RestoreAsync(FileStateHandle stored, bool mustCopy)
    {
        var all = RowFile.Decode(await ReadAsync(stored));
        var rows = all.Where(row => _range.Contains(row.Key % _keyGroupCount)).ToList();
        if (rows.Count > 0)
        {
            // One that holds no foreign rows is taken over whole, with its key.
            var isWhole = rows.Count == all.Count;
            _live.Add(new($"{_nextFile++:D6}.sst", rows)
            {
                Upload = isWhole ? stored : null,
                IsNamed = isWhole,
                MustCopy = isWhole && mustCopy,
            });
        }
    }

    private async Task<byte[]> ReadAsync(FileStateHandle file)
    {
        var bytes = await _storage.ReadAllAsync(file.Path, 1 << 20, CancellationToken.None);
        var digest = ContentDigest.Of(bytes);
        return bytes.Length == file.FileSizeBytes && digest == file.Digest
            ? bytes
            : throw new CheckpointCorruptException(file.Path, 0, $"digest {file.Digest}", $"{digest}");
    }

    private static string PathOf(SnapshotRequest request, StreamStateHandle handle) => handle switch
    {
        FileStateHandle file => file.Path,
        RelativeFileStateHandle file => StoragePath.Combine(request.ExclusiveFolder, file.RelativePath),
        _ => throw new ArgumentException($"{handle.GetType().Name} is no file.", nameof(handle)),
    };
}
