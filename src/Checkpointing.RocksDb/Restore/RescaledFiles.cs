using System.Globalization;
using Checkpointing.RocksDb.Native;
using Checkpointing.RocksDb.Working;

namespace Checkpointing.RocksDb.Restore;

/// <summary>Makes the files that a plan asks for beside those that are taken: patches and rewritten parts.</summary>
/// <remarks>Reads in a database of its own, of which nothing stays.</remarks>
internal sealed class RescaledFiles(
    RocksDbBackendOptions options, WorkingFolder folder, RocksDatabase target, string stagingFolder)
{
    private const int RowsBetweenChecks = 1024;

    private int _fileCount;
    private int _importCount;

    /// <summary>Rows written, deletions included.</summary>
    internal ulong RowCount { get; private set; }

    /// <summary>Makes the files of all parts that need any.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="sequenceOf">The largest sequence number of a source's snapshot.</param>
    /// <param name="stagedPathOf">Local path of a file of a source.</param>
    /// <param name="cancellationToken">Observed every thousand rows.</param>
    /// <returns>What the import must be told of each.</returns>
    internal List<LiveFile> Make(
        RescalePlan plan, Func<int, ulong> sequenceOf, Func<int, LiveFile, string> stagedPathOf,
        CancellationToken cancellationToken)
    {
        var made = new List<LiveFile>();
        if (plan.Parts.All(static part => part.Kind == RescalePartKind.Whole))
        {
            return made;
        }

        var path = folder.NewDatabasePath("source");
        try
        {
            using var source = RocksDatabase.Create(path, options);
            source.PauseBackgroundWork();
            foreach (var part in plan.Parts.Where(static part => part.Kind != RescalePartKind.Whole))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var full = Import(source, part, part.Read, stagedPathOf);
                if (part.Kind == RescalePartKind.Rewrite)
                {
                    Rewrite(source, full, part, made, cancellationToken);
                }
                else
                {
                    var covered = part.Taken.Where(part.Read.Contains).ToList();
                    var taken = covered.Count == 0 ? null : Import(source, part, covered, stagedPathOf);
                    Patch(source, full, taken, part, sequenceOf(part.Source) + 1, made, cancellationToken);
                }
            }
        }
        finally
        {
            WorkingFolder.RemoveFolder(path);
        }

        return made;
    }

    private ColumnFamily Import(
        RocksDatabase source, RescalePart part, IReadOnlyList<LiveFile> files,
        Func<int, LiveFile, string> stagedPathOf)
    {
        // An import takes its files away, and these are needed again.
        var links = folder.NewFolder("links");
        var name = string.Create(CultureInfo.InvariantCulture, $"{_importCount++}");
        var linked = new List<LiveFile>();
        foreach (var file in files)
        {
            var link = file with { Name = FileStaging.NameOf(linked.Count) };
            WorkingFolder.LinkOrCopy(stagedPathOf(part.Source, file), Path.Combine(links, link.Name));
            linked.Add(link);
        }

        source.SetMergeOperator(name, target.MergeOperatorOf(part.ColumnFamily));
        try
        {
            return source.ImportColumnFamily(name, linked, links);
        }
        finally
        {
            WorkingFolder.RemoveFolder(links);
        }
    }

    private void Patch(
        RocksDatabase source, ColumnFamily full, ColumnFamily? taken, RescalePart part, ulong sequence,
        List<LiveFile> made, CancellationToken cancellationToken)
    {
        var name = NewName();
        using var writer = target.NewSstWriter(Path.Combine(stagingFolder, name));
        var rows = new PatchRows(writer, part.Taken);
        foreach (var interval in part.Intervals)
        {
            using var right = source.NewIterator(full, interval.First, interval.End);
            using var present = taken is null ? null : source.NewIterator(taken, interval.First, interval.End);
            RowDifference.Write(right, present, rows, cancellationToken);
        }

        Finish(writer, part.ColumnFamily, name, level: 0, sequence, made);
    }

    private void Rewrite(
        RocksDatabase source, ColumnFamily full, RescalePart part, List<LiveFile> made,
        CancellationToken cancellationToken)
    {
        var interval = part.Intervals[0];
        using var rows = source.NewIterator(full, interval.First, interval.End, fillCache: false);
        var isOnRow = rows.MoveNext();
        while (isOnRow)
        {
            var name = NewName();
            using var writer = target.NewSstWriter(Path.Combine(stagingFolder, name));
            for (var count = 1; isOnRow; count++)
            {
                writer.Put(rows.Key, rows.Value);
                isOnRow = rows.MoveNext();
                if (count % RowsBetweenChecks == 0)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    if (writer.SizeBytes >= options.Rescaling.RewrittenFileBytes)
                    {
                        break;
                    }
                }
            }

            Finish(writer, part.ColumnFamily, name, DatabaseOptions.LevelCount - 1, sequence: 0, made);
        }
    }

    private void Finish(
        SstWriter writer, string columnFamily, string name, int level, ulong sequence, List<LiveFile> made)
    {
        RowCount += writer.EntryCount;
        if (writer.Finish(columnFamily, name, level, sequence) is { } file)
        {
            made.Add(file);
        }
    }

    private string NewName() => string.Create(CultureInfo.InvariantCulture, $"new-{_fileCount++:D6}.sst");
}
