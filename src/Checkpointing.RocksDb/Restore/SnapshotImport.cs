using Checkpointing.RocksDb.Native;
using Checkpointing.RocksDb.Snapshots;
using Checkpointing.RocksDb.Working;

namespace Checkpointing.RocksDb.Restore;

/// <summary>Makes column families out of the files of a stored snapshot.</summary>
internal static class SnapshotImport
{
    /// <summary>Verifies the files, imports them, and checks that RocksDB has all of them.</summary>
    /// <param name="database">A database without column families of these names, whose background work is
    /// paused.</param>
    /// <param name="snapshot">The snapshot; its catalogue is validated.</param>
    /// <param name="files">Those of its files that are wanted; for a column family all that hold a wanted row.</param>
    /// <param name="columnFamilies">Names of the wanted column families; those without files are made empty.</param>
    /// <param name="staging">Brings the files here.</param>
    /// <param name="cancellationToken">Observed between two files.</param>
    /// <returns>The column families in the order of their names.</returns>
    /// <exception cref="CheckpointCorruptException">A file is damaged; nothing of the snapshot was
    /// imported.</exception>
    internal static async ValueTask<List<ColumnFamily>> ImportAsync(
        RocksDatabase database,
        StoredSnapshot snapshot,
        IReadOnlyList<StoredSnapshotFile> files,
        IReadOnlyList<string> columnFamilies,
        FileStaging staging,
        CancellationToken cancellationToken)
    {
        await staging.FetchAsync(files, cancellationToken).ConfigureAwait(false);
        var staged = files
            .Select(static (file, index) => file.Record.File with { Name = FileStaging.NameOf(index) })
            .ToLookup(static file => file.ColumnFamily, StringComparer.Ordinal);
        var made = new List<ColumnFamily>();
        try
        {
            foreach (var name in columnFamilies)
            {
                cancellationToken.ThrowIfCancellationRequested();
                made.Add(staged.Contains(name)
                    ? database.ImportColumnFamily(name, staged[name], staging.Folder)
                    : database.CreateColumnFamily(name));
            }
        }
        catch (CheckpointCorruptException exception)
        {
            var meta = StoredSnapshot.PathOf(snapshot.Handle.MetaFile);
            throw new CheckpointCorruptException(
                meta, 0, "files that fit together", exception.Actual, innerException: exception);
        }
        finally
        {
            WorkingFolder.RemoveFolder(staging.Folder);
        }

        CheckImported(database, snapshot, files);
        return made;
    }

    /// <summary>Which local file of the database is which stored one: import has given them new names.</summary>
    /// <remarks>A file is known again by column family, level, bounds, sequence numbers, size and counts, which no two
    /// files
    /// of one database share; if two do, both are left out and stored anew.</remarks>
    internal static Dictionary<string, StoredSst> MapLocalNames(
        RocksDatabase database, IReadOnlyList<StoredSnapshotFile> files)
    {
        var stored = files.ToLookup(static file => Identity(file.Record.File));
        var map = new Dictionary<string, StoredSst>(StringComparer.Ordinal);
        foreach (var group in database.GetLiveFiles().GroupBy(Identity))
        {
            if (group.ToList() is [var local] && stored[group.Key].ToList() is [var file])
            {
                map.Add(local.Name, file.Sst);
            }
        }

        return map;
    }

    private static void CheckImported(
        RocksDatabase database, StoredSnapshot snapshot, IReadOnlyList<StoredSnapshotFile> files)
    {
        var count = database.GetLiveFiles().Count;
        var largest = files.Select(static file => file.Record.File.LargestSequence).DefaultIfEmpty().Max();
        if (count != files.Count || database.LatestSequence < largest)
        {
            throw new CheckpointCorruptException(
                StoredSnapshot.PathOf(snapshot.Handle.MetaFile), 0,
                $"{files.Count} files up to sequence number {largest} after the import",
                $"{count} files, sequence number {database.LatestSequence}");
        }
    }

    private static string Identity(LiveFile file) => string.Join(
        '|', file.ColumnFamily, file.Level, Convert.ToHexString(file.SmallestKey), Convert.ToHexString(file.LargestKey),
        file.SmallestSequence, file.LargestSequence, file.SizeBytes, file.EntryCount, file.DeletionCount);
}
