using Checkpointing.RocksDb.Native;
using Checkpointing.RocksDb.Snapshots;
using Checkpointing.RocksDb.Working;
using Checkpointing.State;
using Checkpointing.StateHandles;

namespace Checkpointing.RocksDb.Restore;

/// <summary>Opens the database of a backend: empty, by import of the files of one snapshot or several, or row by
/// row.</summary>
internal sealed class BackendRestore(
    KeyedStateBackendContext context, RocksDbBackendOptions options, WorkingFolder folder)
{
    private readonly List<string> _columnFamilyNames =
        [.. context.States.Select(static state => RocksDbBackendScope.ColumnFamilyName(state.Name))];

    private readonly UnverifiedFiles _behind = new(context, options, folder);

    /// <summary>Opens it.</summary>
    /// <returns>The open parts, which the caller disposes, and the states that were stored.</returns>
    internal async ValueTask<OpenedParts> OpenAsync(CancellationToken cancellationToken)
    {
        // One snapshot of exactly this range: its files are this backend's files.
        if (context.RestoreFrom is [IncrementalKeyedStateHandle handle] && handle.Range == context.Range)
        {
            return await MakeAsync(database => ImportSameRangeAsync(database, handle, cancellationToken))
                .ConfigureAwait(false);
        }

        if (context.RestoreFrom.Count == 0)
        {
            return await MakeAsync(MakeEmptyAsync).ConfigureAwait(false);
        }

        var rescale = new RescaleRestore(context, options, folder, _behind, _columnFamilyNames);
        return await MakeAsync(database => ImportRescaledAsync(database, rescale, cancellationToken))
            .ConfigureAwait(false)
            ?? await MakeAsync(database => PutRowsAsync(database, rescale.Refusal, cancellationToken))
            .ConfigureAwait(false);
    }

    /// <summary>Makes a database, and closes it again if nothing comes of it.</summary>
    private async ValueTask<TOpened> MakeAsync<TOpened>(Func<RocksDatabase, ValueTask<TOpened>> fill)
        where TOpened : class?
    {
        var database = RocksDatabase.Create(folder.NewDatabasePath("db"), options);
        TOpened? opened = null;
        try
        {
            foreach (var state in context.States)
            {
                if (context.TimesToLive.TryGetValue(state.Name, out var duration))
                {
                    database.SetExpiry(
                        RocksDbBackendScope.ColumnFamilyName(state.Name), duration, state.Kind == StateKind.List,
                        context.Time);
                }
            }

            opened = await fill(database).ConfigureAwait(false);
            return opened;
        }
        finally
        {
            if (opened is null)
            {
                database.Dispose();
                WorkingFolder.RemoveFolder(database.Path);
            }
        }
    }

    /// <summary>Column families made later have the merge operators that the program's reductions need.</summary>
    private void SetWantedOperators(RocksDatabase database)
    {
        foreach (var name in context.Reductions.Keys)
        {
            database.SetMergeOperator(
                RocksDbBackendScope.ColumnFamilyName(name), MergeOperatorChoice.Wanted(context, name));
        }
    }

    private ValueTask<OpenedParts> MakeEmptyAsync(RocksDatabase database)
    {
        SetWantedOperators(database);
        return ValueTask.FromResult<OpenedParts>(new(
            NewScope(database, context.Ids.NewGuid(), database.CreateColumnFamilies(_columnFamilyNames), new()), []));
    }

    private async ValueTask<OpenedParts> ImportSameRangeAsync(
        RocksDatabase database, IncrementalKeyedStateHandle handle, CancellationToken cancellationToken)
    {
        var snapshot = await StoredSnapshot.LoadAsync(context.Storage, handle, cancellationToken).ConfigureAwait(false);
        var wanted = snapshot.Files.Where(file => _columnFamilyNames.Contains(file.Record.File.ColumnFamily)).ToList();
        var staging = new FileStaging(context.Storage, folder.NewFolder("stage"), options, _behind);

        // Until the map of local names is made no compaction may replace a file.
        database.PauseBackgroundWork();
        List<ColumnFamily> families;
        var ledger = new SharedFileLedger();
        try
        {
            database.SetOwnedRange(context.Range);
            foreach (var state in context.States)
            {
                // One snapshot has one operator a state.
                var family = RocksDbBackendScope.ColumnFamilyName(state.Name);
                database.SetMergeOperator(family, MergeOperatorChoice.Of(
                    MergeOperatorChoice.Wanted(context, state.Name),
                    snapshot.Catalogue.States.Where(stored => stored.ColumnFamily == family))!);
            }

            (families, var files) = await SnapshotImport.FetchAndImportAsync(
                database, wanted, _columnFamilyNames, staging,
                file => RescalePlanner.SticksOut(file, context.Range), cancellationToken).ConfigureAwait(false);
            ledger.AddRestored(
                context.RestoredCheckpoint, SnapshotImport.MapLocalNames(database, files),
                context.RestoredIsForeign || snapshot.IsPrivate);
        }
        finally
        {
            database.ContinueBackgroundWork();
            WorkingFolder.RemoveFolder(staging.Folder);
        }

        options.Counts.AddSameRange();
        options.Counts.Add(staging.Transfers);
        context.Logger.RestoredByImport(
            context.Operator, context.SubtaskIndex, context.Range.ToString(), wanted.Count,
            wanted.Sum(static file => file.Record.File.SizeBytes), staging.Transfers);
        return new(
            NewScope(database, handle.BackendId, families, ledger),
            [.. snapshot.Catalogue.States.Select(static state => state.Description)])
        { Transfers = staging.Transfers };
    }

    private async ValueTask<OpenedParts?> ImportRescaledAsync(
        RocksDatabase database, RescaleRestore rescale, CancellationToken cancellationToken)
    {
        var ledger = new SharedFileLedger();
        database.PauseBackgroundWork();
        try
        {
            if (await rescale.TryImportAsync(database, cancellationToken).ConfigureAwait(false) is not { } imported)
            {
                return null;
            }

            ledger.AddRestored(
                context.RestoredCheckpoint, imported.Stored, context.RestoredIsForeign || imported.IsPrivate);
            return new(
                NewScope(database, context.Ids.NewGuid(), imported.Families, ledger), imported.RestoredStates)
            { Transfers = imported.Transfers };
        }
        finally
        {
            database.ContinueBackgroundWork();
        }
    }

    private async ValueTask<OpenedParts> PutRowsAsync(
        RocksDatabase database, string why, CancellationToken cancellationToken)
    {
        SetWantedOperators(database);
        var families = database.CreateColumnFamilies(_columnFamilyNames);
        var rows = new RowRestore(context, options, folder, _behind, database, families);
        var states = await rows.PutAllAsync(why, cancellationToken).ConfigureAwait(false);
        options.Counts.AddRows();
        return new(NewScope(database, context.Ids.NewGuid(), families, new()), states) { Transfers = rows.Transfers };
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
        Verification = _behind.Start(),
    };
}

/// <summary>The open parts of a backend, and the states found in what was restored.</summary>
internal sealed record OpenedParts(RocksDbBackendScope Scope, IReadOnlyList<StateDescription> RestoredStates)
{
    /// <summary>How the restored files got here.</summary>
    public TransferCounts Transfers { get; init; }
}
