using Checkpointing.Diagnostics;
using Checkpointing.RocksDb.Native;
using Checkpointing.RocksDb.Working;

namespace Checkpointing.RocksDb.Snapshots;

/// <summary>Finds the files that make up the state at a barrier, and gives them a second name for the time of the
/// snapshot.</summary>
/// <remarks>A file whose rows are all from before the cut is kept, one whose rows are all from after is left out. One
/// that straddles the cut, which a flush or compaction made behind the barrier, is left out too, and its rows of before
/// are exported: see <see cref="StraddleExport"/>.</remarks>
internal sealed class SnapshotCut(
    RocksDbBackendScope scope, MemtableBarrier barrier, SharedFileLedger.Running running, bool isAnew, string pinFolder)
{
    private readonly RocksDatabase _database = barrier.Database;

    /// <summary>Upper bound of the sequence numbers of its files.</summary>
    internal ulong Sequence { get; private set; } = barrier.Sequence;

    /// <summary>Lists and pins the files; all that the barrier covers has been flushed.</summary>
    internal IReadOnlyList<LiveFile> Make(CancellationToken cancellationToken)
    {
        List<LiveFile> files;
        List<LiveFile> straddling;
        List<StraddleExport> exports;
        int liveCount;
        _database.DisableFileDeletions();
        try
        {
            var live = _database.GetLiveFiles();
            liveCount = live.Count;
            CheckFamilies(live);
            scope.Ledger.SetLive(running, live.Select(static file => file.Name));
            files = live.FindAll(file => file.LargestSequence <= barrier.Sequence);
            straddling = live.FindAll(file =>
                file.LargestSequence > barrier.Sequence && file.SmallestSequence <= barrier.Sequence);
            files.ForEach(Pin);
            exports = [.. straddling
                .GroupBy(static file => file.ColumnFamily, StringComparer.Ordinal)
                .Select(group => new StraddleExport(scope, barrier, FamilyOf(group.Key), group, files, pinFolder))];
            exports.ForEach(static export => export.LinkBase());
            scope.Counters.AddCut(live.Count, straddling.Count);
            scope.Instruments.AddCut(
                scope.Context, files.Count, live.Count - files.Count - straddling.Count, straddling.Count);
        }
        finally
        {
            _database.EnableFileDeletions();
        }

        if (straddling.Count > 0)
        {
            var exported = exports.SelectMany(export => export.Write(cancellationToken)).ToList();
            files.AddRange(exported);
            Sequence = exported.Select(static file => file.LargestSequence).Append(Sequence).Max();
            var exportedBytes = exported.Sum(static file => file.SizeBytes);
            scope.Instruments.AddExport(scope.Context, exported.Count, exportedBytes);
            scope.Context.Logger.StraddlesExported(
                scope.Context.Operator, scope.Context.SubtaskIndex, straddling.Count, liveCount, barrier.Sequence,
                exported.Count, exportedBytes);
        }

        return files;
    }

    private ColumnFamily FamilyOf(string name) =>
        scope.ColumnFamilies.First(family => family.Name == name);

    // Nothing writes elsewhere; a file there would be state that no catalogue names.
    private void CheckFamilies(List<LiveFile> live)
    {
        foreach (var file in live)
        {
            Invariant.Holds(
                scope.ColumnFamilies.Any(family => family.Name == file.ColumnFamily),
                $"'{file.Name}' of '{_database.Path}' is in '{file.ColumnFamily}', which is no state.");
        }
    }

    private void Pin(LiveFile file)
    {
        // Files that are stored already need no pin: only their names are used.
        if (isAnew || !(running.Base.ContainsKey(file.Name) || scope.Ledger.FindUpload(running, file.Name) is not null))
        {
            var livePath = Path.Combine(_database.Path, file.Name);
            if (!WorkingFolder.LinkOrCopy(livePath, Path.Combine(pinFolder, file.Name)))
            {
                scope.Context.Logger.PinnedByCopy(livePath);
            }
        }
    }
}
