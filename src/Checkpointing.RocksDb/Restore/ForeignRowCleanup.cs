using Checkpointing.KeyGroups;
using Checkpointing.RocksDb.Native;
using Microsoft.Extensions.Logging;

namespace Checkpointing.RocksDb.Restore;

/// <summary>Frees a restored database, behind the backend's back, of the foreign rows in files that were taken as they
/// were.</summary>
/// <remarks>Foreign rows change no answer; they cost space, and they make the next change of parallelism dearer, for
/// their files reach into other key groups. So it is worth some work, and nothing depends on its end: a snapshot names
/// the files that are live, and one whose bounds lie outside its backend's range is not yet clean.</remarks>
internal sealed class ForeignRowCleanup
{
    // One round turns foreign operands into values, another drops these; what is left then waits for compactions of
    // RocksDB's own.
    private const int MaxRoundCount = 3;

    private readonly RocksDatabase _database;
    private readonly IReadOnlyList<ColumnFamily> _families;
    private readonly KeyGroupRange _owned;
    private readonly RestoreCounts _counts;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isCancelled;

    private ForeignRowCleanup(
        RocksDatabase database, IReadOnlyList<ColumnFamily> families, KeyGroupRange owned, RestoreCounts counts,
        ILogger logger)
    {
        _database = database;
        _families = families;
        _owned = owned;
        _counts = counts;
        _logger = logger;
    }

    /// <summary>Ends when the work has, whatever came of it.</summary>
    internal Task Ended => _ended.Task;

    /// <summary>Starts the work if there is any.</summary>
    /// <param name="database">The database; it is not closed before <see cref="StopAsync"/> has ended.</param>
    /// <param name="families">Its column families.</param>
    /// <param name="owned">Key groups whose rows stay.</param>
    /// <param name="counts">Counts column families that were freed.</param>
    /// <param name="logger">Log.</param>
    /// <returns>Null if every file is clean.</returns>
    internal static ForeignRowCleanup? StartIfNeeded(
        RocksDatabase database, IReadOnlyList<ColumnFamily> families, KeyGroupRange owned, RestoreCounts counts,
        ILogger logger)
    {
        var unclean = Unclean(database, owned);
        if (unclean.Count == 0)
        {
            return null;
        }

        var names = unclean.Select(static file => file.ColumnFamily).ToHashSet(StringComparer.Ordinal);
        var cleanup = new ForeignRowCleanup(
            database, [.. families.Where(family => names.Contains(family.Name))], owned, counts, logger);

        // A thread of its own: it waits for compactions, which may take longer than a pool's thread should be held.
        new Thread(cleanup.Run) { IsBackground = true, Name = "foreign-row-cleanup" }.Start();
        return cleanup;
    }

    /// <summary>Ends the work early and waits for its end.</summary>
    internal Task StopAsync()
    {
        _isCancelled = true;
        if (!Ended.IsCompleted)
        {
            _database.CancelManualCompactions();
        }

        return Ended;
    }

    /// <summary>Files with keys outside a range.</summary>
    internal static List<LiveFile> Unclean(RocksDatabase database, KeyGroupRange owned) =>
        [.. database.GetLiveFiles().Where(file => RescalePlanner.SticksOut(file, owned))];

    private void Run()
    {
        try
        {
            foreach (var family in _families)
            {
                Clean(family);
            }
        }
        catch (Exception exception)
        {
            // The edge of a background thread. Foreign rows are harmless, and if the database itself is damaged, its
            // user will be told.
            _logger.CleanupFailed(_database.Path, exception);
        }
        finally
        {
            _ended.SetResult();
        }
    }

    private void Clean(ColumnFamily family)
    {
        var (lower, end) = RowBounds.Of(_owned);
        for (var round = 0; !_isCancelled; round++)
        {
            var unclean = Unclean(_database, _owned).Where(file => file.ColumnFamily == family.Name).ToList();
            if (unclean.Count == 0)
            {
                _counts.AddCleaned();
                return;
            }

            if (round == MaxRoundCount)
            {
                return;
            }

            if (unclean.Exists(file => KeyOrder.Bytes.Compare(file.SmallestKey, lower) < 0))
            {
                _database.Compact(family, [], lower);
            }

            if (unclean.Exists(file => KeyOrder.Bytes.Compare(file.LargestKey, end) >= 0))
            {
                _database.Compact(family, end, []);
            }
        }
    }
}
