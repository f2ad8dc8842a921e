using Checkpointing.KeyGroups;
using Checkpointing.RocksDb.Native;
using Checkpointing.RocksDb.Restore;
using Checkpointing.RocksDb.Snapshots;
using Checkpointing.State;
using Checkpointing.StateHandles;

namespace Checkpointing.RocksDb;

/// <summary>Keyed state in a RocksDB database of its own: one column family a state.</summary>
internal sealed class RocksDbKeyedStateBackend : KeyedStateBackend
{
    private readonly RocksDbBackendScope _scope;
    private readonly Dictionary<string, RocksDbTable> _tables = new(StringComparer.Ordinal);
    private bool _isDisposed;

    /// <summary>Takes ownership of the open parts.</summary>
    internal RocksDbKeyedStateBackend(OpenedParts opened)
    {
        var scope = opened.Scope;
        _scope = scope;
        RestoredStates = opened.RestoredStates;
        RestoreTransfers = opened.Transfers;
        foreach (var (state, family) in scope.Context.States.Zip(scope.ColumnFamilies))
        {
            var mayMerge = scope.Context.Reductions.TryGetValue(state.Name, out var reduction)
                && scope.Database.MergeOperatorOf(family.Name) == ReductionOperator.NameOf(reduction.Id);
            _tables.Add(state.Name, new(scope.Database, family, scope.Range, mayMerge));
        }

        Cleanup = scope.Options.CleansUp
            ? ForeignRowCleanup.StartIfNeeded(
                scope.Database, scope.ColumnFamilies, scope.Range, scope.Options.Counts, scope.Context.Logger)
            : null;
    }

    /// <inheritdoc/>
    public override Guid BackendId => _scope.BackendId;

    /// <inheritdoc/>
    public override KeyGroupRange Range => _scope.Range;

    /// <inheritdoc/>
    public override IReadOnlyList<StateDescription> RestoredStates { get; }

    /// <inheritdoc/>
    public override TransferCounts RestoreTransfers { get; }

    /// <inheritdoc/>
    public override Task Failure => _scope.Verification?.Failure ?? base.Failure;

    /// <summary>Frees the database of foreign rows after a restore; null if there are none.</summary>
    internal ForeignRowCleanup? Cleanup { get; }

    /// <summary>The database.</summary>
    internal RocksDatabase Database => _scope.Database;

    /// <summary>Column families of the declared states, in the order of their declaration.</summary>
    internal IReadOnlyList<ColumnFamily> ColumnFamilies => _scope.ColumnFamilies;

    /// <summary>The open parts.</summary>
    internal RocksDbBackendScope Scope => _scope;

    /// <inheritdoc/>
    public override KeyedStateTable GetTable(string stateName)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        ArgumentNullException.ThrowIfNull(stateName);
        return _tables.TryGetValue(stateName, out var table)
            ? table
            : throw new InvalidOperationException(
                $"State '{stateName}' of operator '{_scope.Context.Operator}' was not declared when the backend "
                + "was opened.");
    }

    /// <inheritdoc/>
    public override void StartExpiring()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        _scope.Database.StartExpiring();
    }

    /// <inheritdoc/>
    public override KeyedStateSnapshot PrepareSnapshot(SnapshotRequest request)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        ArgumentNullException.ThrowIfNull(request);
        var isCanonical = request.Kind == CheckpointKind.Savepoint
            ? request.Format == SavepointFormat.Canonical
            : _scope.Options.Snapshots == RocksDbSnapshotMode.Full;
        return isCanonical
            ? FullSnapshot.Prepare(_scope, request)
            : IncrementalSnapshot.Prepare(_scope, request);
    }

    /// <inheritdoc/>
    public override void NotifyCompleted(CheckpointId checkpointId) => _scope.Ledger.NotifyCompleted(checkpointId);

    /// <inheritdoc/>
    public override void NotifyAborted(CheckpointId checkpointId) => _scope.Ledger.NotifyAborted(checkpointId);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            if (Cleanup is not null)
            {
                await Cleanup.StopAsync().ConfigureAwait(false);
            }

            if (_scope.Verification is not null)
            {
                await _scope.Verification.DisposeAsync().ConfigureAwait(false);
            }

            foreach (var table in _tables.Values)
            {
                table.Close();
            }

            _scope.Database.Dispose();
            _scope.Folder.RemoveUser();
        }
    }
}
