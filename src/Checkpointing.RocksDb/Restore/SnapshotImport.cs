using Checkpointing.RocksDb.Native;
using Checkpointing.RocksDb.Snapshots;

namespace Checkpointing.RocksDb.Restore;

/// <summary>One local file to be imported.</summary>
/// <param name="File">What the import is told of it, under the name that it has in the staging folder.</param>
/// <param name="Stored">Where its bytes are stored; null if they were made by this restore.</param>
/// <param name="Path">Its path in the storage, or the local one: for messages.</param>
internal sealed record ImportFile(LiveFile File, StoredSst? Stored, string Path);

/// <summary>Makes column families out of files.</summary>
internal static class SnapshotImport
{
    /// <summary>Brings and verifies files of one snapshot, imports them, and checks that RocksDB has all of
    /// them.</summary>
    /// <param name="database">A database without other column families, whose background work is paused.</param>
    /// <param name="files">Those of its files that are wanted; for a column family all that hold a wanted row.</param>
    /// <param name="columnFamilies">Names of the wanted column families; those without files are made empty.</param>
    /// <param name="staging">Brings the files here.</param>
    /// <param name="mayHaveForeignRows">Whether a file may have rows that compactions are to drop; the database's owned
    /// range is set if it ever says so.</param>
    /// <param name="cancellationToken">Observed between two files.</param>
    /// <returns>The column families in the order of their names, and the files as they were imported.</returns>
    /// <exception cref="CheckpointCorruptException">A file is damaged or what is said of it is wrong.</exception>
    internal static async ValueTask<(List<ColumnFamily> Families, List<ImportFile> Files)> FetchAndImportAsync(
        RocksDatabase database,
        IReadOnlyList<StoredSnapshotFile> files,
        IReadOnlyList<string> columnFamilies,
        FileStaging staging,
        Func<LiveFile, bool> mayHaveForeignRows,
        CancellationToken cancellationToken)
    {
        var paths = files.ToDictionary(static file => file.Record.File, static file => file.Path);
        SnapshotFacts.Check(paths.Keys, file => paths[file]);
        await staging.FetchAsync(files, cancellationToken).ConfigureAwait(false);
        var staged = files.Select(static (file, index) => new ImportFile(
            file.Record.File with { Name = FileStaging.NameOf(index) }, file.Sst, file.Path)).ToList();
        var families = Import(database, staged, columnFamilies, staging.Folder, mayHaveForeignRows, cancellationToken);
        CheckImported(database, staged);
        return (families, staged);
    }

    /// <summary>Imports local files.</summary>
    /// <returns>The column families in the order of their names.</returns>
    /// <exception cref="CheckpointCorruptException">RocksDB refused; the database is of no use any more.</exception>
    internal static List<ColumnFamily> Import(
        RocksDatabase database,
        IEnumerable<ImportFile> files,
        IReadOnlyList<string> columnFamilies,
        string folder,
        Func<LiveFile, bool> mayHaveForeignRows,
        CancellationToken cancellationToken)
    {
        var byFamily = files.ToLookup(static file => file.File.ColumnFamily, StringComparer.Ordinal);
        var made = database.CreateColumnFamilies([.. columnFamilies.Where(name => !byFamily.Contains(name))])
            .ToDictionary(static family => family.Name, StringComparer.Ordinal);
        foreach (var name in columnFamilies.Where(byFamily.Contains))
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                made.Add(name, database.ImportColumnFamily(
                    name, byFamily[name].Select(static file => file.File), folder,
                    byFamily[name].Any(file => mayHaveForeignRows(file.File))));
            }
            catch (CheckpointCorruptException exception)
            {
                throw new CheckpointCorruptException(
                    string.Join("', '", byFamily[name].Select(static file => file.Path)), 0,
                    "files that fit together", exception.Actual, innerException: exception);
            }
        }

        if (byFamily.Count > 0)
        {
            database.LeaveSequenceZero();
        }

        return [.. columnFamilies.Select(name => made[name])];
    }

    /// <summary>Checks that a database has exactly these files, at the level and with the bounds and sequence numbers
    /// that were said of them.</summary>
    /// <exception cref="CheckpointCorruptException">It has not.</exception>
    internal static void CheckImported(RocksDatabase database, IReadOnlyCollection<ImportFile> files)
    {
        var live = database.GetLiveFiles();
        var places = live.GroupBy(Place).ToDictionary(static group => group.Key, static group => group.Count());
        foreach (var file in files)
        {
            var place = Place(file.File);
            if (places.GetValueOrDefault(place) == 0)
            {
                throw new CheckpointCorruptException(file.Path, 0, $"a file of {place}", "another one in it");
            }

            places[place]--;
        }

        var largest = files.Select(static file => file.File.LargestSequence).DefaultIfEmpty().Max();
        if (live.Count != files.Count || database.LatestSequence < largest)
        {
            throw new CheckpointCorruptException(
                database.Path, 0, $"{files.Count} files up to sequence number {largest} after the import",
                $"{live.Count} files, sequence number {database.LatestSequence}");
        }
    }

    /// <summary>Which local file of the database is which stored one: import has given them new names.</summary>
    /// <remarks>A file is known again by column family, level, bounds, sequence numbers, size and counts, which no two
    /// files of one database share; if two do, both are left out and stored anew.</remarks>
    internal static Dictionary<string, StoredSst> MapLocalNames(
        RocksDatabase database, IEnumerable<ImportFile> files)
    {
        var stored = files.ToLookup(static file => Identity(file.File));
        var map = new Dictionary<string, StoredSst>(StringComparer.Ordinal);
        foreach (var group in database.GetLiveFiles().GroupBy(Identity))
        {
            if (group.ToList() is [var local] && stored[group.Key].ToList() is [{ Stored: { } sst }])
            {
                map.Add(local.Name, sst);
            }
        }

        return map;
    }

    private static string Identity(LiveFile file) => $"{Place(file)}|{file.EntryCount}|{file.DeletionCount}";

    private static string Place(LiveFile file) =>
        $"'{file.ColumnFamily}' at level {file.Level}, {file.SizeBytes} bytes, keys "
        + $"{Convert.ToHexString(file.SmallestKey)} to {Convert.ToHexString(file.LargestKey)}, sequence numbers "
        + $"{file.SmallestSequence} to {file.LargestSequence}";
}
