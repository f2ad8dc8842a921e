using Checkpointing.Diagnostics;
using Checkpointing.RocksDb.Native;
using Checkpointing.RocksDb.Working;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.RocksDb.Snapshots;

/// <summary>A snapshot that stores RocksDB's files, and a catalogue that says what they mean: a checkpoint stores each
/// file once, a native savepoint has all of them to itself.</summary>
/// <remarks>Its synchronous part raises a barrier: memtables are sealed and nothing is waited for. Written, it waits
/// for the flush, pins its files by hard link and lets go of the database; until then it keeps the database open, also
/// when the backend is disposed.</remarks>
internal sealed class IncrementalSnapshot : KeyedStateSnapshot
{
    /// <summary>Catalogues up to this size travel in the metadata.</summary>
    internal const int MaxInlineCatalogueBytes = 20 << 10;

    private readonly RocksDbBackendScope _scope;
    private readonly SnapshotRequest _request;
    private readonly MemtableBarrier _barrier;
    private readonly SharedFileLedger.Running _running;
    private readonly List<FileTransfer> _transfers = [];
    private readonly SnapshotFiles _store;
    private IReadOnlyList<LiveFile> _files = [];
    private ulong _sequence;
    private string? _pinFolder;
    private string? _exclusivePath;
    private bool _isBegun;
    private bool _isWritten;
    private bool _isDisposed;

    private IncrementalSnapshot(
        RocksDbBackendScope scope, SnapshotRequest request, MemtableBarrier barrier, SharedFileLedger.Running running)
    {
        _scope = scope;
        _request = request;
        _barrier = barrier;
        _running = running;
        _store = request.Kind == CheckpointKind.Savepoint
            ? new PrivateSnapshotFiles(scope, request, running)
            : new SharedSnapshotFiles(scope, request, running);
    }

    /// <summary>Raises the barrier: short, whatever is in memory.</summary>
    internal static IncrementalSnapshot Prepare(RocksDbBackendScope scope, SnapshotRequest request)
    {
        var began = scope.Context.Time.GetTimestamp();
        var barrier = MemtableBarrier.Raise(scope);
        try
        {
            scope.Instruments.AddBlocked(scope.Context, barrier.Path, scope.Context.Time.GetElapsedTime(began));
            scope.Folder.AddUser();
        }
        catch
        {
            barrier.Dispose();
            throw;
        }

        var baseId = request.Kind == CheckpointKind.Checkpoint ? request.Base : null;
        return new(scope, request, barrier, scope.Ledger.Begin(request.CheckpointId, baseId));
    }

    /// <inheritdoc/>
    public override async ValueTask<KeyedSnapshotResult> WriteAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_isBegun)
        {
            throw new InvalidOperationException(
                $"The snapshot of checkpoint {_request.CheckpointId} was written already.");
        }

        _isBegun = true;
        await CutAsync(cancellationToken).ConfigureAwait(false);
        await _scope.WaitUntilVerifiedAsync(cancellationToken).ConfigureAwait(false);
        var stored = new SnapshotFiles.StoredFile[_files.Count];
        await Parallel.ForAsync(
            0, _files.Count,
            new ParallelOptions
            {
                MaxDegreeOfParallelism = _scope.Options.TransferParallelism,
                CancellationToken = cancellationToken,
            },
            async (index, token) => stored[index] = await _store
                .StoreAsync(_files[index], PinnedPath(_files[index]), token).ConfigureAwait(false))
            .ConfigureAwait(false);

        var (handle, cost) = _files.Count == 0
            ? (null, default)
            : await DescribeAsync(stored, cancellationToken).ConfigureAwait(false);
        var folders = stored.Where(static file => file.Kind is not null)
            .Select(static file => FolderOf(file.Sst)).ToHashSet();
        if (_exclusivePath is not null)
        {
            folders.Add(StoragePath.FolderOf(_exclusivePath));
        }

        if (folders.Count > 0)
        {
            await _scope.Context.Storage.SyncFoldersAsync(folders, cancellationToken).ConfigureAwait(false);
        }

        _isWritten = true;
        _scope.Instruments.AddSnapshot(_scope.Context, cost);
        var map = new Dictionary<string, StoredSst>(StringComparer.Ordinal);
        for (var i = 0; i < stored.Length; i++)
        {
            map.Add(_files[i].Name, stored[i].Sst);
        }

        return new(handle, cost, _store.Complete(map)) { Transfers = _transfers };
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        _barrier.Dispose();
        if (_pinFolder is not null)
        {
            WorkingFolder.RemoveFolder(_pinFolder);
        }

        _scope.Folder.RemoveUser();
        if (_isWritten)
        {
            return;
        }

        await _store.AbandonAsync().ConfigureAwait(false);
        if (_exclusivePath is not null)
        {
            await SnapshotFiles.DeleteQuietlyAsync(_scope.Context.Storage, _exclusivePath).ConfigureAwait(false);
        }
    }

    private static string FolderOf(StoredSst sst) => StoragePath.FolderOf(((FileStateHandle)sst.Handle).Path);

    private string PinnedPath(LiveFile file) => Path.Combine(_pinFolder!, file.Name);

    private async ValueTask CutAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _barrier.WaitUntilFlushedAsync(cancellationToken).ConfigureAwait(false);
            _pinFolder = _scope.Folder.NewFolder("pins");
            var cut = new SnapshotCut(_scope, _barrier, _running, _store.IsAnew, _pinFolder);
            _files = cut.Make(cancellationToken);
            _sequence = cut.Sequence;
            foreach (var file in _files)
            {
                Invariant.Holds(
                    file.LargestSequence <= _sequence,
                    $"'{file.Name}' has sequence number {file.LargestSequence} after the barrier at {_sequence}.");
            }
        }
        finally
        {
            // The pins are enough from here on: compaction is free to drop what only the view sees.
            _barrier.Dispose();
        }
    }

    private async ValueTask<(KeyedStateHandle Handle, SnapshotCost Cost)> DescribeAsync(
        SnapshotFiles.StoredFile[] stored, CancellationToken cancellationToken)
    {
        var cost = default(SnapshotCost);
        var named = new List<StateFile>();
        foreach (var (file, place) in _files.Zip(stored))
        {
            named.Add(new(file.Name, _store.HandleOf(place)));
            cost += place.IsReused ? new(0, 0, file.SizeBytes, 1) : new(file.SizeBytes, 1, 0, 0);
            if (place.Kind is { } kind)
            {
                _transfers.Add(new(((FileStateHandle)place.Sst.Handle).Path, file.SizeBytes, kind));
            }
        }

        var catalogue = CatalogueFormat.Write(MakeCatalogue(stored));
        StreamStateHandle meta;
        if (catalogue.Length <= MaxInlineCatalogueBytes)
        {
            meta = new ByteStreamStateHandle(
                $"catalogue of checkpoint {_request.CheckpointId}", ValueList.Create<byte>(catalogue));
            cost += new SnapshotCost(catalogue.Length, 0, 0, 0);
        }
        else
        {
            _exclusivePath = _request.NewExclusivePath(_scope.Context.Ids);
            using var span = CheckpointingSpans.StartTransfer(_exclusivePath, catalogue.Length);
            var digest = await _scope.Context.Storage.CreateAllAsync(_exclusivePath, catalogue, cancellationToken)
                .ConfigureAwait(false);
            meta = _request.NewExclusiveHandle(_exclusivePath, catalogue.Length, digest);
            cost += new SnapshotCost(catalogue.Length, 1, 0, 0);
            _transfers.Add(new(_exclusivePath, catalogue.Length, FileTransferKind.Stream));
        }

        cost = cost with { Transfers = FileTransfer.Count(_transfers) };
        _scope.Counters.AddTransfers(cost.Transfers);

        return (_store.MakeHandle(named.ToValueList(), meta, cost.NewBytes), cost);
    }

    private Catalogue MakeCatalogue(SnapshotFiles.StoredFile[] stored) => new()
    {
        BackendId = _scope.BackendId,
        Range = _scope.Range,
        CheckpointId = _request.CheckpointId,
        Sequence = _sequence,
        LevelCount = DatabaseOptions.LevelCount,
        States = [.. _scope.Context.States.Select(state =>
        {
            var family = RocksDbBackendScope.ColumnFamilyName(state.Name);
            return new CatalogueState(
                state, family, _scope.Database.MergeOperatorOf(family),
                _files.Count(file => file.ColumnFamily == family));
        })],
        Files = [.. _files.Zip(stored, static (file, place) =>
            new CatalogueFile(file, place.Sst.Digest, place.Sst.Key.ToString()))],
    };
}
