using Checkpointing.Coordination;
using Checkpointing.KeyGroups;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.Tests.Coordination;

/// <summary>A subtask with an incremental backend in miniature: local files that come and go, uploads, bases,
/// placeholders.</summary>
internal sealed class SimulatedTask
{
    private readonly SubtaskAddress _address;
    private readonly ICheckpointStorage _storage;
    private readonly IdSource _ids;
    private readonly Guid _backendId;
    private readonly KeyGroupRange _range;
    private readonly bool _isForeign;

    // Local file name → the upload that holds it.
    private readonly Dictionary<string, FileStateHandle> _uploads = [];
    private readonly Dictionary<CheckpointId, HashSet<string>> _maps = [];
    private readonly HashSet<string> _foreign = [];
    private readonly SortedSet<string> _live = new(StringComparer.Ordinal);
    private int _nextFile;

    public SimulatedTask(
        SubtaskAddress address, int parallelism, int maxParallelism, SubtaskRestore restore,
            ICheckpointStorage storage, IdSource ids)
    {
        (_address, _storage, _ids, _isForeign) = (address, storage, ids, restore.IsForeign);
        _range = KeyGroupAssignment.RangeOf(address.Index, parallelism, maxParallelism);
        _backendId = ids.NewGuid();
        foreach (var handle in restore.Keyed.OfType<IncrementalKeyedStateHandle>())
        {
            _backendId = handle.BackendId;
            foreach (var file in handle.SharedFiles.Concat(handle.PrivateFiles))
            {
                _live.Add(file.LocalName);
                _uploads[file.LocalName] = (FileStateHandle)file.Handle;
                _nextFile = Math.Max(_nextFile, int.Parse(file.LocalName[..6]) + 1);
                if (_isForeign || handle.PrivateFiles.Count > 0)
                {
                    _foreign.Add(file.LocalName);
                }
            }

            _maps[restore.Checkpoint] = [.. _live];
        }
    }

    public IReadOnlyCollection<string> LiveFiles => _live;

    /// <summary>Writes new rows: a new local file; sometimes a compaction drops the oldest two.</summary>
    public void Work(bool compact)
    {
        _live.Add($"{_nextFile++:D6}.sst");
        if (compact && _live.Count > 3)
        {
            _live.Remove(_live.Min!);
            _live.Remove(_live.Min!);
        }
    }

    public async Task<SubtaskSnapshot> SnapshotAsync(SnapshotRequest request)
    {
        if (request.Kind == CheckpointKind.Savepoint)
        {
            return await SavepointAsync(request);
        }

        var baseMap = request.Base is { } b && _maps.TryGetValue(b, out var map) ? map : [];
        var files = new List<StateFile>();
        var cost = default(SnapshotCost);
        foreach (var name in _live)
        {
            if (_foreign.Remove(name))
            {
                var own = request.NewSharedPath(_backendId, _range, _ids);
                await _storage.CopyAsync(_uploads[name].Path, own, CancellationToken.None);
                _uploads[name] = _uploads[name] with { Path = own };
                files.Add(new(name, _uploads[name]));
                cost += new SnapshotCost(0, 0, 100, 1);
            }
            else if (baseMap.Contains(name))
            {
                files.Add(new(
                    name, new PlaceholderStateHandle(SharedStateKey.Of(_uploads[name].Path, _backendId, _range), 100)));
                cost += new SnapshotCost(0, 0, 100, 1);
            }
            else
            {
                if (!_uploads.TryGetValue(name, out var upload))
                {
                    var path = request.NewSharedPath(_backendId, _range, _ids);
                    var digest = await _storage.CreateAllAsync(path, new byte[100], CancellationToken.None);
                    _uploads[name] = upload = new(path, 100, digest);
                    cost += new SnapshotCost(100, 1, 0, 0);
                }

                files.Add(new(name, upload));
            }
        }

        _maps[request.CheckpointId] = [.. _live];
        var meta = request.NewExclusivePath(_ids);
        await _storage.CreateAllAsync(meta, new byte[10], CancellationToken.None);
        var handle = new IncrementalKeyedStateHandle(
            _backendId, _range, request.CheckpointId, files.ToValueList(), [], new FileStateHandle(meta, 10),
                cost.NewBytes);
        return new(handle, null, [], cost, TakeGivenUp());
    }

    /// <summary>A native savepoint: every file once more, in the savepoint's folder and relative to it.</summary>
    private async Task<SubtaskSnapshot> SavepointAsync(SnapshotRequest request)
    {
        async Task<StreamStateHandle> StoreAsync(int size)
        {
            var path = request.NewExclusivePath(_ids);
            var digest = await _storage.CreateAllAsync(path, new byte[size], CancellationToken.None);
            return request.NewExclusiveHandle(path, size, digest);
        }

        var files = new List<StateFile>();
        foreach (var name in _live)
        {
            files.Add(new(name, await StoreAsync(100)));
        }

        var handle = new IncrementalKeyedStateHandle(
            _backendId, _range, request.CheckpointId, [], files.ToValueList(), await StoreAsync(10), 100 * files.Count);
        return new(handle, null, [], new(100 * files.Count, files.Count, 0, 0), []);
    }

    public void Completed(CheckpointId id)
    {
        foreach (var older in _maps.Keys.Where(key => key < id).ToList())
        {
            _maps.Remove(older);
        }
    }

    public void Aborted(CheckpointId id) => _maps.Remove(id);

    private List<SharedStateKey> TakeGivenUp()
    {
        var gone = _uploads.Keys.Where(name => !_live.Contains(name) && !_maps.Values.Any(map => map.Contains(name)))
            .ToList();
        var keys = gone.Select(name => SharedStateKey.Of(_uploads[name].Path, _backendId, _range)).ToList();
        gone.ForEach(name => _uploads.Remove(name));
        return keys;
    }
}
