using Checkpointing.RocksDb.Native;
using Checkpointing.State;

namespace Checkpointing.RocksDb.Snapshots;

/// <summary>A snapshot that stores all rows in the canonical form, which every backend reads.</summary>
/// <remarks>Reads at a view of the database that it holds, so it sees nothing later, and keeps the database open until
/// it
/// is disposed, even if the backend is disposed before.</remarks>
internal sealed class FullSnapshot : KeyedStateSnapshot
{
    private readonly RocksDbBackendScope _scope;
    private readonly SnapshotRequest _request;
    private readonly RocksSnapshot _view;
    private bool _isWritten;
    private bool _isDisposed;

    private FullSnapshot(RocksDbBackendScope scope, SnapshotRequest request, RocksSnapshot view) =>
        (_scope, _request, _view) = (scope, request, view);

    /// <summary>Fixes the view: microseconds, whatever is in memory.</summary>
    internal static FullSnapshot Prepare(RocksDbBackendScope scope, SnapshotRequest request)
    {
        var began = scope.Context.Time.GetTimestamp();
        var snapshot = new FullSnapshot(scope, request, scope.Database.CreateSnapshot());
        scope.Folder.AddUser();
        scope.Instruments.AddBlocked(scope.Context, path: null, scope.Context.Time.GetElapsedTime(began));
        return snapshot;
    }

    /// <inheritdoc/>
    public override async ValueTask<KeyedSnapshotResult> WriteAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_isWritten)
        {
            throw new InvalidOperationException(
                $"The snapshot of checkpoint {_request.CheckpointId} was written already.");
        }

        _isWritten = true;
        await _scope.WaitUntilVerifiedAsync(cancellationToken).ConfigureAwait(false);
        var (lower, end) = RowBounds.Of(_scope.Range);
        var rows = new List<RocksIterator>();
        try
        {
            foreach (var family in _scope.ColumnFamilies)
            {
                rows.Add(_view.NewIterator(family, lower, end));
            }

            return await WriteAsync(rows, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            rows.ForEach(static iterator => iterator.Dispose());
        }
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _view.Dispose();
            _scope.Folder.RemoveUser();
        }

        return ValueTask.CompletedTask;
    }

    private async ValueTask<KeyedSnapshotResult> WriteAsync(
        List<RocksIterator> rows, CancellationToken cancellationToken)
    {
        var isOnRow = rows.Select(static iterator => iterator.MoveNext()).ToArray();
        if (!isOnRow.Contains(true))
        {
            return new(null, default, []);
        }

        var writer = await CanonicalSnapshotWriter.CreateAsync(
            _scope.Context.Storage, _request, _scope.Context.Ids, _scope.Range, _scope.Context.States,
                cancellationToken)
            .ConfigureAwait(false);
        await using (writer.ConfigureAwait(false))
        {
            // All states side by side, so that the rows of one key group lie together.
            while (NextKeyGroup(rows, isOnRow) is { } keyGroup)
            {
                for (var state = 0; state < rows.Count; state++)
                {
                    while (isOnRow[state] && KeyedRowKey.ReadKeyGroup(rows[state].Key) == keyGroup)
                    {
                        await writer.WriteRowAsync(state, rows[state].Key, rows[state].Value, cancellationToken)
                            .ConfigureAwait(false);
                        isOnRow[state] = rows[state].MoveNext();
                    }
                }
            }

            var handle = await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
            var result = KeyedSnapshotResult.OfStreamed(handle);
            _scope.Instruments.AddSnapshot(_scope.Context, result.Cost);
            return result;
        }
    }

    private static int? NextKeyGroup(List<RocksIterator> rows, bool[] isOnRow)
    {
        int? least = null;
        for (var i = 0; i < rows.Count; i++)
        {
            if (isOnRow[i] && KeyedRowKey.ReadKeyGroup(rows[i].Key) is var keyGroup && !(keyGroup >= least))
            {
                least = keyGroup;
            }
        }

        return least;
    }
}
