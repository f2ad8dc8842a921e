using Checkpointing.RocksDb.Native;
using Checkpointing.State;
using Checkpointing.StateHandles;

namespace Checkpointing.RocksDb.Snapshots;

/// <summary>Files of a checkpoint: each is stored once, and later checkpoints name it again.</summary>
internal sealed class SharedSnapshotFiles(
    RocksDbBackendScope scope, SnapshotRequest request, SharedFileLedger.Running running) : SnapshotFiles
{
    private readonly SstUpload _upload = new(
        scope.Context.Storage,
        () => request.NewSharedPath(scope.BackendId, scope.Range, scope.Context.Ids),
        path => SharedStateKey.Of(path, scope.BackendId, scope.Range),
        scope.Options.TransferRateLimit);

    internal override bool IsAnew => request.Kind == CheckpointKind.FullCheckpoint;

    internal override async ValueTask<StoredFile> StoreAsync(
        LiveFile file, string pinnedPath, CancellationToken cancellationToken)
    {
        if (!IsAnew)
        {
            if (running.Base.TryGetValue(file.Name, out var confirmed))
            {
                return new(confirmed, IsPlaceholder: true, IsReused: true, Kind: null);
            }

            if (scope.Ledger.FindUpload(running, file.Name) is { } earlier)
            {
                return new(earlier, IsPlaceholder: false, IsReused: true, Kind: null);
            }

            if (scope.Ledger.FindForeign(file.Name) is { } foreign
                && await _upload.TryCopyAsync(foreign, cancellationToken).ConfigureAwait(false) is { } copy)
            {
                scope.Ledger.AddUpload(running, file.Name, copy.Sst);
                return new(copy.Sst, IsPlaceholder: false, IsReused: true, copy.Kind);
            }
        }

        var stored = await _upload.StoreAsync(file, pinnedPath, cancellationToken).ConfigureAwait(false);
        scope.Ledger.AddUpload(running, file.Name, stored.Sst);
        return new(stored.Sst, IsPlaceholder: false, IsReused: false, stored.Kind);
    }

    internal override StreamStateHandle HandleOf(StoredFile stored) => stored.IsPlaceholder
        ? new PlaceholderStateHandle(stored.Sst.Key, stored.Sst.Handle.SizeBytes)
        : stored.Sst.Handle;

    internal override IncrementalKeyedStateHandle MakeHandle(
        ValueList<StateFile> files, StreamStateHandle meta, long newBytes) =>
        new(scope.BackendId, scope.Range, request.CheckpointId, files, [], meta, newBytes);

    internal override IReadOnlyList<SharedStateKey> Complete(IReadOnlyDictionary<string, StoredSst> map) =>
        scope.Ledger.Complete(running, map);

    internal override ValueTask AbandonAsync()
    {
        // Finished uploads stay known: the next checkpoint may name them.
        scope.Ledger.Abandon(running);
        return ValueTask.CompletedTask;
    }
}
