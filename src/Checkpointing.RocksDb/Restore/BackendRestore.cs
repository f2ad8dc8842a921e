using Checkpointing.RocksDb.Native;
using Checkpointing.RocksDb.Snapshots;
using Checkpointing.RocksDb.Working;
using Checkpointing.State;
using Checkpointing.StateHandles;

namespace Checkpointing.RocksDb.Restore;

/// <summary>Opens the database of a backend: empty, by import of one snapshot's files, or row by row.</summary>
internal sealed class BackendRestore(
    KeyedStateBackendContext context, RocksDbBackendOptions options, WorkingFolder folder)
{
    private readonly List<string> _columnFamilyNames =
        [.. context.States.Select(static state => RocksDbBackendScope.ColumnFamilyName(state.Name))];

    /// <summary>Opens it.</summary>
    /// <returns>The open parts, which the caller disposes, and the states that were stored.</returns>
    internal async ValueTask<(RocksDbBackendScope Scope, IReadOnlyList<StateDescription> RestoredStates)> OpenAsync(
        CancellationToken cancellationToken)
    {
        var database = RocksDatabase.Create(folder.NewDatabasePath("db"), options);
        try
        {
            // One snapshot of exactly this range: its files are this backend's files.
            if (context.RestoreFrom is [IncrementalKeyedStateHandle handle] && handle.Range == context.Range)
            {
                return await ImportSameRangeAsync(database, handle, cancellationToken).ConfigureAwait(false);
            }

            var families = _columnFamilyNames.ConvertAll(database.CreateColumnFamily);
            IReadOnlyList<StateDescription> states = [];
            if (context.RestoreFrom.Count > 0)
            {
                var rows = new RowRestore(context, options, folder, database, families);
                states = await rows.PutAllAsync(cancellationToken).ConfigureAwait(false);
            }

            return (NewScope(database, context.Ids.NewGuid(), families, new()), states);
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    private async ValueTask<(
        RocksDbBackendScope Scope, IReadOnlyList<StateDescription> RestoredStates)> ImportSameRangeAsync(
        RocksDatabase database, IncrementalKeyedStateHandle handle, CancellationToken cancellationToken)
    {
        var snapshot = await StoredSnapshot.LoadAsync(context.Storage, handle, cancellationToken).ConfigureAwait(false);
        var files = snapshot.Files.Where(file => _columnFamilyNames.Contains(file.Record.File.ColumnFamily)).ToList();
        var staging = new FileStaging(context.Storage, folder.NewFolder("stage"), options.TransferParallelism);

        // Until the map of local names is made no compaction may replace a file.
        database.PauseBackgroundWork();
        List<ColumnFamily> families;
        var ledger = new SharedFileLedger();
        try
        {
            families = await SnapshotImport.ImportAsync(
                database, snapshot, files, _columnFamilyNames, staging, cancellationToken).ConfigureAwait(false);
            ledger.AddRestored(
                context.RestoredCheckpoint, SnapshotImport.MapLocalNames(database, files), context.RestoredIsForeign);
        }
        finally
        {
            database.ContinueBackgroundWork();
        }

        context.Logger.RestoredByImport(
            context.Operator, context.SubtaskIndex, context.Range.ToString(), files.Count,
            files.Sum(static file => file.Record.File.SizeBytes));
        var scope = NewScope(database, handle.BackendId, families, ledger);
        return (scope, [.. snapshot.Catalogue.States.Select(static state => state.Description)]);
    }

    private RocksDbBackendScope NewScope(
        RocksDatabase database, Guid backendId, IReadOnlyList<ColumnFamily> families, SharedFileLedger ledger) => new()
    {
        Context = context,
        Options = options,
        Folder = folder,
        Database = database,
        BackendId = backendId,
        ColumnFamilies = families,
        Ledger = ledger,
    };
}
