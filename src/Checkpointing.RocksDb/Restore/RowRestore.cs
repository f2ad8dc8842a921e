using Checkpointing.KeyGroups;
using Checkpointing.RocksDb.Native;
using Checkpointing.RocksDb.Working;
using Checkpointing.State;
using Checkpointing.StateHandles;

namespace Checkpointing.RocksDb.Restore;

/// <summary>Restores by reading rows and putting them: right for any number, range and kind of handles.</summary>
internal sealed class RowRestore(
    KeyedStateBackendContext context,
    RocksDbBackendOptions options,
    WorkingFolder folder,
    UnverifiedFiles behind,
    RocksDatabase target,
    IReadOnlyList<ColumnFamily> families)
{
    private const long BatchSizeBytes = 256 << 10;

    private readonly RestoredStateSet _restoredStates = new(context.Operator);
    private long _rowCount;

    /// <summary>How the files of incremental snapshots got here; full ones are read where they are.</summary>
    internal TransferCounts Transfers { get; private set; }

    /// <summary>Puts the rows of all handles that lie in the backend's range.</summary>
    /// <param name="why">Why it is done this way, for the log.</param>
    /// <param name="cancellationToken">Observed between two files and batches.</param>
    /// <returns>The states that were stored.</returns>
    internal async ValueTask<IReadOnlyList<StateDescription>> PutAllAsync(
        string why, CancellationToken cancellationToken)
    {
        using var batch = new RocksWriteBatch();
        foreach (var handle in context.RestoreFrom)
        {
            var keep = handle.KeyGroups.Intersect(context.Range);
            if (keep.IsEmpty)
            {
                continue;
            }

            switch (handle)
            {
                case IncrementalKeyedStateHandle incremental:
                    await PutIncrementalAsync(incremental, keep, batch, cancellationToken).ConfigureAwait(false);
                    break;
                case KeyGroupsStateHandle full:
                    await PutFullAsync(full, keep, batch, cancellationToken).ConfigureAwait(false);
                    break;
                default:
                    throw new UnsupportedFormatException(
                        $"state of operator '{context.Operator}'", handle.GetType().Name,
                        "incremental snapshots of RocksDB and full snapshots of every backend");
            }
        }

        target.Write(batch);
        context.Logger.RestoredByRows(
            context.Operator, context.SubtaskIndex, context.Range.ToString(), _rowCount, context.RestoreFrom.Count,
            why, Transfers);
        return _restoredStates.States;
    }

    private async ValueTask PutIncrementalAsync(
        IncrementalKeyedStateHandle handle, KeyGroupRange keep, RocksWriteBatch batch,
            CancellationToken cancellationToken)
    {
        var snapshot = await StoredSnapshot.LoadAsync(context.Storage, handle, cancellationToken).ConfigureAwait(false);
        _restoredStates.Add(snapshot.Catalogue.States.Select(static state => state.Description));

        // A file whose bounds do not meet the range has no version of any of its rows.
        var names = families.Select(static family => family.Name).ToList();
        var files = snapshot.Files.Where(file =>
            names.Contains(file.Record.File.ColumnFamily)
            && RowBounds.Meet(file.Record.File.SmallestKey, file.Record.File.LargestKey, keep)).ToList();
        var staging = new FileStaging(context.Storage, folder.NewFolder("stage"), options, behind);
        var path = folder.NewDatabasePath("source");
        try
        {
            using var source = RocksDatabase.Create(path, options);
            source.PauseBackgroundWork();
            foreach (var state in snapshot.Catalogue.States)
            {
                source.SetMergeOperator(state.ColumnFamily, state.MergeOperator);
            }

            var (sources, _) = await SnapshotImport.FetchAndImportAsync(
                source, files, names, staging, static _ => false, cancellationToken).ConfigureAwait(false);
            foreach (var (from, to) in sources.Zip(families))
            {
                PutRows(source, from, to, keep, batch, cancellationToken);
            }
        }
        finally
        {
            Transfers += staging.Transfers;
            options.Counts.Add(staging.Transfers);
            WorkingFolder.RemoveFolder(path);
            WorkingFolder.RemoveFolder(staging.Folder);
        }
    }

    private async ValueTask PutFullAsync(
        KeyGroupsStateHandle handle, KeyGroupRange keep, RocksWriteBatch batch, CancellationToken cancellationToken)
    {
        var reader = await CanonicalSnapshotReader.OpenAsync(context.Storage, handle, cancellationToken)
            .ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            _restoredStates.Add(reader.States);
            var targets = reader.States
                .Select(state => RocksDbBackendScope.ColumnFamilyName(state.Name))
                .Select(name => families.FirstOrDefault(family => family.Name == name))
                .ToArray();
            await reader.ReadAsync(
                keep,
                (state, key, value) =>
                {
                    if (targets[state] is { } to)
                    {
                        Put(to, key, value, batch, cancellationToken);
                    }
                },
                cancellationToken).ConfigureAwait(false);
        }
    }

    private void PutRows(
        RocksDatabase source, ColumnFamily from, ColumnFamily to, KeyGroupRange keep, RocksWriteBatch batch,
        CancellationToken cancellationToken)
    {
        var (lower, end) = RowBounds.Of(keep);
        using var rows = source.NewIterator(from, lower, end, fillCache: false);
        while (rows.MoveNext())
        {
            Put(to, rows.Key, rows.Value, batch, cancellationToken);
        }
    }

    private void Put(
        ColumnFamily to, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, RocksWriteBatch batch,
        CancellationToken cancellationToken)
    {
        batch.Put(to, key, value);
        _rowCount++;
        if (batch.SizeBytes >= BatchSizeBytes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            target.Write(batch);
        }
    }
}
