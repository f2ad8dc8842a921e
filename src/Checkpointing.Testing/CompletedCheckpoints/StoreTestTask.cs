using System.Text;
using Checkpointing.Coordination;
using Checkpointing.KeyGroups;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.Testing.CompletedCheckpoints;

/// <summary>A subtask whose state is a set of named local files, stored incrementally: what a base holds is a
/// placeholder.</summary>
/// <remarks>One caller at a time: a case writes only between two checkpoints.</remarks>
internal sealed class StoreTestTask
{
    private readonly SubtaskAddress _address;
    private readonly ICheckpointStorage _storage;
    private readonly Guid _backendId;
    private readonly KeyGroupRange _range;
    private readonly Dictionary<string, FileStateHandle?> _live = [];
    private readonly HashSet<string> _foreign = [];
    private readonly Dictionary<CheckpointId, HashSet<string>> _maps = [];
    private readonly Dictionary<string, SharedStateKey> _uploads = [];

    public StoreTestTask(
        SubtaskAddress address, KeyGroupRange range, SubtaskRestore restore, ICheckpointStorage storage)
    {
        (_address, _range, _storage) = (address, range, storage);
        _backendId = IdSource.System.NewGuid();
        foreach (var handle in restore.Keyed.OfType<IncrementalKeyedStateHandle>())
        {
            _backendId = handle.BackendId;
            foreach (var file in handle.SharedFiles)
            {
                var stored = (FileStateHandle)file.Handle;
                _live[file.LocalName] = stored;
                if (restore.IsForeign)
                {
                    _foreign.Add(stored.Path);
                }
            }
        }

        _maps[restore.Checkpoint] = [.. _live.Values.Select(static file => file!.Path)];
    }

    public bool Declines { get; set; }

    /// <summary>A new file under this name, whatever had it before.</summary>
    public void Write(string name) => _live[name] = null;

    public void Drop(string name) => _live.Remove(name);

    public async Task<SubtaskSnapshot> SnapshotAsync(SnapshotRequest request)
    {
        var isSavepoint = request.Kind == CheckpointKind.Savepoint;
        var inBase = request.Base is { } b && _maps.TryGetValue(b, out var map) ? map : [];
        var files = new List<StateFile>();
        var cost = default(SnapshotCost);
        foreach (var (name, present) in _live.ToList())
        {
            if (isSavepoint)
            {
                files.Add(new(name, await StoreExclusiveAsync(request, name).ConfigureAwait(false)));
            }
            else if (present is not null && inBase.Contains(present.Path) && !_foreign.Contains(present.Path))
            {
                files.Add(new(name, new PlaceholderStateHandle(KeyOf(present.Path), present.FileSizeBytes)));
                cost += new SnapshotCost(0, 0, present.FileSizeBytes, 1);
            }
            else
            {
                var stored = present is not null && !_foreign.Contains(present.Path)
                    ? present
                    : await StoreSharedAsync(request, name).ConfigureAwait(false);
                _live[name] = stored;
                files.Add(new(name, stored));
                cost += new SnapshotCost(stored.FileSizeBytes, 1, 0, 0);
            }
        }

        var metaFile = await StoreExclusiveAsync(request, "meta").ConfigureAwait(false);
        if (isSavepoint)
        {
            return new(
                new IncrementalKeyedStateHandle(
                    _backendId, _range, request.CheckpointId, [], files.ToValueList(), metaFile),
                null, [], cost, []);
        }

        _maps[request.CheckpointId] = [.. _live.Values.Select(static file => file!.Path)];
        return new(
            new IncrementalKeyedStateHandle(
                _backendId, _range, request.CheckpointId, files.ToValueList(), [], metaFile),
            null, [], cost, TakeGivenUp());
    }

    public void Completed(CheckpointId id)
    {
        foreach (var older in _maps.Keys.Where(key => key < id).ToList())
        {
            _maps.Remove(older);
        }
    }

    public void Aborted(CheckpointId id) => _maps.Remove(id);

    private async Task<FileStateHandle> StoreSharedAsync(SnapshotRequest request, string name)
    {
        var path = request.NewSharedPath(_backendId, _range, IdSource.System);
        var bytes = Encoding.UTF8.GetBytes($"{_address} {name} {path}");
        var digest = await _storage.CreateAllAsync(path, bytes, CancellationToken.None).ConfigureAwait(false);
        _uploads[path] = KeyOf(path);
        return new(path, bytes.Length, digest);
    }

    private async Task<StreamStateHandle> StoreExclusiveAsync(SnapshotRequest request, string name)
    {
        var path = request.NewExclusivePath(IdSource.System);
        var bytes = Encoding.UTF8.GetBytes($"{_address} {name}");
        var digest = await _storage.CreateAllAsync(path, bytes, CancellationToken.None).ConfigureAwait(false);
        return request.NewExclusiveHandle(path, bytes.Length, digest);
    }

    private List<SharedStateKey> TakeGivenUp()
    {
        var needed = _live.Values.Select(static file => file?.Path).Concat(_maps.Values.SelectMany(static map => map))
            .ToHashSet();
        var gone = _uploads.Where(upload => !needed.Contains(upload.Key)).ToList();
        gone.ForEach(upload => _uploads.Remove(upload.Key));
        return [.. gone.Select(static upload => upload.Value)];
    }

    private SharedStateKey KeyOf(string path) => SharedStateKey.Of(path, _backendId, _range);
}
