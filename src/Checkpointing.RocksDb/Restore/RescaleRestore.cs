using System.Globalization;
using Checkpointing.RocksDb.Native;
using Checkpointing.RocksDb.Snapshots;
using Checkpointing.RocksDb.Working;
using Checkpointing.State;
using Checkpointing.StateHandles;

namespace Checkpointing.RocksDb.Restore;

/// <summary>Restores snapshots of other key-group ranges by importing their files (<see cref="RescalePlanner"/> says
/// which).</summary>
internal sealed class RescaleRestore(
    KeyedStateBackendContext context, RocksDbBackendOptions options, WorkingFolder folder,
    UnverifiedFiles behind, IReadOnlyList<string> columnFamilies)
{
    private readonly List<StoredSnapshot> _snapshots = [];
    private readonly RestoredStateSet _restoredStates = new(context.Operator);

    /// <summary>Why <see cref="TryImportAsync"/> has imported nothing.</summary>
    internal string Refusal { get; private set; } = "";

    /// <summary>Imports into an empty database whose background work is paused.</summary>
    /// <returns>Null if the rows must be put one by one instead, into another database.</returns>
    /// <exception cref="CheckpointCorruptException">A stored file is damaged, or what is said of it is
    /// wrong.</exception>
    internal async ValueTask<Imported?> TryImportAsync(RocksDatabase database, CancellationToken cancellationToken)
    {
        if (context.RestoreFrom.FirstOrDefault(static handle => handle is not IncrementalKeyedStateHandle) is { } other)
        {
            Refusal = $"there is a {other.GetType().Name}";
            return null;
        }

        foreach (var handle in context.RestoreFrom.Cast<IncrementalKeyedStateHandle>())
        {
            if (handle.Range.Overlaps(context.Range))
            {
                var snapshot = await StoredSnapshot.LoadAsync(context.Storage, handle, cancellationToken)
                    .ConfigureAwait(false);
                var paths = snapshot.Files.ToDictionary(static file => file.Record.File, static file => file.Path);
                SnapshotFacts.Check(paths.Keys, file => paths[file]);
                _snapshots.Add(snapshot);
                _restoredStates.Add(snapshot.Catalogue.States.Select(static state => state.Description));
            }
        }

        var plan = RescalePlanner.Plan(
            context.Range,
            [.. _snapshots.Select(static snapshot => new RescaleSource(
                snapshot.Catalogue.Range, [.. snapshot.Files.Select(static file => file.Record.File)]))],
            columnFamilies, options.Rescaling);
        if (plan.Refusal is { } refusal)
        {
            Refusal = refusal;
            return null;
        }

        return TrySetOperators(database)
            ? await ImportAsync(database, plan, cancellationToken).ConfigureAwait(false)
            : null;
    }

    private bool TrySetOperators(RocksDatabase database)
    {
        foreach (var state in context.States)
        {
            var family = RocksDbBackendScope.ColumnFamilyName(state.Name);
            if (MergeOperatorChoice.Of(
                MergeOperatorChoice.Wanted(context, state.Name),
                _snapshots.SelectMany(static snapshot => snapshot.Catalogue.States)
                    .Where(stored => stored.ColumnFamily == family)) is not { } chosen)
            {
                Refusal = $"state '{state.Name}' was folded by different reductions";
                return false;
            }

            database.SetMergeOperator(family, chosen);
        }

        return true;
    }

    private async ValueTask<Imported?> ImportAsync(
        RocksDatabase database, RescalePlan plan, CancellationToken cancellationToken)
    {
        var staging = new FileStaging(context.Storage, folder.NewFolder("stage"), options, behind);
        try
        {
            var staged = await FetchAsync(plan, staging, cancellationToken).ConfigureAwait(false);
            var maker = new RescaledFiles(options, folder, database, staging.Folder);
            var made = maker.Make(
                plan, LargestSequenceOf,
                (source, file) => Path.Combine(staging.Folder, staged[Locate(source, file).Path]), cancellationToken);
            List<ImportFile> files =
            [
                .. plan.Parts.SelectMany(part => part.Taken.Select(file => Locate(part.Source, file)))
                    .Select(file => new ImportFile(
                        file.Record.File with { Name = staged[file.Path] }, file.Sst, file.Path)),
                .. made.Select(file => new ImportFile(file, null, Path.Combine(staging.Folder, file.Name))),
            ];

            // The sources' files meet here for the first time.
            var paths = files.ToDictionary(static file => file.File, static file => file.Path);
            SnapshotFacts.Check(paths.Keys, file => paths[file]);
            if (Import(database, files, staging.Folder, cancellationToken) is not { } families)
            {
                return null;
            }

            SnapshotImport.CheckImported(database, files);
            options.Counts.Add(plan);
            options.Counts.Add(staging.Transfers);
            Log(plan, files, made.Count, maker.RowCount, staging.Transfers);
            return new(
                families, SnapshotImport.MapLocalNames(database, files), _restoredStates.States, staging.Transfers,
                _snapshots.Exists(static snapshot => snapshot.IsPrivate));
        }
        finally
        {
            WorkingFolder.RemoveFolder(staging.Folder);
        }
    }

    /// <summary>Brings every file that the plan takes or reads, each once.</summary>
    /// <returns>Local name by path in the storage.</returns>
    private async ValueTask<Dictionary<string, string>> FetchAsync(
        RescalePlan plan, FileStaging staging, CancellationToken cancellationToken)
    {
        var needed = plan.Parts
            .SelectMany(part => part.Taken.Concat(part.Read).Select(file => Locate(part.Source, file)))
            .DistinctBy(static file => file.Path, StringComparer.Ordinal)
            .ToList();
        await staging.FetchAsync(needed, cancellationToken).ConfigureAwait(false);
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < needed.Count; i++)
        {
            names.Add(needed[i].Path, FileStaging.NameOf(i));
        }

        return names;
    }

    private List<ColumnFamily>? Import(
        RocksDatabase database, IEnumerable<ImportFile> files, string stagingFolder,
        CancellationToken cancellationToken)
    {
        try
        {
            database.SetOwnedRange(context.Range);
            return SnapshotImport.Import(
                database, files, columnFamilies, stagingFolder,
                file => RescalePlanner.SticksOut(file, context.Range), cancellationToken);
        }
        catch (CheckpointCorruptException exception)
        {
            // Every file is proved and every fact checked, so this is not known to happen. Rows do not depend on how
            // files of different sources lie beside each other; if a file is to blame, reading its rows tells.
            options.Counts.AddRefused();
            Refusal = exception.Message;
            return null;
        }
    }

    private ulong LargestSequenceOf(int source) => _snapshots[source].Files
        .Select(static file => file.Record.File.LargestSequence)
        .Append(_snapshots[source].Catalogue.Sequence).Max();

    private StoredSnapshotFile Locate(int source, LiveFile file) =>
        _snapshots[source].Files.First(stored => ReferenceEquals(stored.Record.File, file));

    private void Log(RescalePlan plan, List<ImportFile> files, int madeCount, ulong madeRows, TransferCounts transfers)
    {
        var why = string.Join("; ", plan.Parts
            .Where(static part => part.Kind != RescalePartKind.Whole)
            .Select(part => string.Create(
                CultureInfo.InvariantCulture,
                $"'{part.ColumnFamily}' of {_snapshots[part.Source].Catalogue.Range}: {part.Kind}, {part.Reason}")));
        context.Logger.RestoredByRescale(
            context.Operator, context.SubtaskIndex, context.Range.ToString(), _snapshots.Count,
            files.Count - madeCount, files.Sum(static file => file.File.SizeBytes),
            plan.Count(RescalePartKind.Patch), plan.Count(RescalePartKind.Rewrite), madeRows,
            why.Length > 0 ? why : "no file reaches into another source's key groups", transfers);
    }

    /// <summary>What an import has left.</summary>
    /// <param name="Families">The column families, in the order of their names.</param>
    /// <param name="Stored">Where live files are stored, by local name.</param>
    /// <param name="RestoredStates">The states that were stored.</param>
    /// <param name="Transfers">How the stored files got here.</param>
    /// <param name="IsPrivate">Whether files are a savepoint's own.</param>
    internal sealed record Imported(
        IReadOnlyList<ColumnFamily> Families, IReadOnlyDictionary<string, StoredSst> Stored,
        IReadOnlyList<StateDescription> RestoredStates, TransferCounts Transfers, bool IsPrivate);
}
