using System.Collections.Concurrent;
using Checkpointing.RocksDb.Native;
using Checkpointing.State;
using Checkpointing.StateHandles;

namespace Checkpointing.RocksDb.Snapshots;

/// <summary>Files of a native savepoint: all in its own folder, named relative to it, and never named by
/// anything else.</summary>
/// <remarks>A file that some checkpoint has stored is linked or copied there, within the storage, under the digest
/// known for it: then its bytes do not go through this process again. That checkpoint
/// may be dropped meanwhile; the pinned local file is there for that case.</remarks>
internal sealed class PrivateSnapshotFiles : SnapshotFiles
{
    private readonly RocksDbBackendScope _scope;
    private readonly SnapshotRequest _request;
    private readonly SharedFileLedger.Running _running;
    private readonly SstUpload _upload;
    private readonly ConcurrentQueue<string> _paths = new();

    internal PrivateSnapshotFiles(
        RocksDbBackendScope scope, SnapshotRequest request, SharedFileLedger.Running running)
    {
        _scope = scope;
        _request = request;
        _running = running;
        _upload = new(scope.Context.Storage, NewPath, KeyOf, scope.Options.TransferRateLimit);
    }

    internal override bool IsAnew => true;

    internal override async ValueTask<StoredFile> StoreAsync(
        LiveFile file, string pinnedPath, CancellationToken cancellationToken)
    {
        if (_scope.Ledger.FindStored(file.Name) is { } known
            && await _upload.TryCopyAsync(known, cancellationToken).ConfigureAwait(false) is { } copy)
        {
            return new(copy.Sst, IsPlaceholder: false, IsReused: true, copy.Kind);
        }

        var stored = await _upload.StoreAsync(file, pinnedPath, cancellationToken).ConfigureAwait(false);
        return new(stored.Sst, IsPlaceholder: false, IsReused: false, stored.Kind);
    }

    internal override StreamStateHandle HandleOf(StoredFile stored) =>
        stored.Sst.Handle is FileStateHandle file
            ? _request.NewExclusiveHandle(file.Path, file.FileSizeBytes, stored.Sst.Digest)
            : stored.Sst.Handle;

    internal override IncrementalKeyedStateHandle MakeHandle(
        ValueList<StateFile> files, StreamStateHandle meta, long newBytes) =>
        new(_scope.BackendId, _scope.Range, _request.CheckpointId, [], files, meta, newBytes);

    internal override IReadOnlyList<SharedStateKey> Complete(IReadOnlyDictionary<string, StoredSst> map)
    {
        _scope.Ledger.Abandon(_running);
        return [];
    }

    internal override async ValueTask AbandonAsync()
    {
        _scope.Ledger.Abandon(_running);
        foreach (var path in _paths)
        {
            await DeleteQuietlyAsync(_scope.Context.Storage, path).ConfigureAwait(false);
        }
    }

    private string NewPath()
    {
        var path = _request.NewExclusivePath(_scope.Context.Ids);
        _paths.Enqueue(path);
        return path;
    }

    // The folder may be moved, so its name is no part of the key.
    private SharedStateKey KeyOf(string path) =>
        SharedStateKey.Of(path[_request.ExclusiveFolder.Length..].TrimStart('/'), _scope.BackendId, _scope.Range);
}
