using Checkpointing.StateHandles;

namespace Checkpointing.RocksDb.Restore;

/// <summary>How often each way of restoring was taken, over all backends of a factory.</summary>
/// <remarks>Safe for concurrent calls.</remarks>
internal sealed class RestoreCounts
{
    private long _sameRange;
    private long _whole;
    private long _patched;
    private long _rewritten;
    private long _refused;
    private long _byRows;
    private long _cleaned;
    private readonly Lock _lock = new();
    private TransferCounts _transfers;

    /// <summary>How stored files got to working folders.</summary>
    internal TransferCounts Transfers
    {
        get
        {
            lock (_lock)
            {
                return _transfers;
            }
        }
    }

    /// <summary>Backends whose own files were imported.</summary>
    internal long SameRange => Interlocked.Read(ref _sameRange);

    /// <summary>Parts of rescaled backends whose files were taken as they are.</summary>
    internal long Whole => Interlocked.Read(ref _whole);

    /// <summary>Parts with a patch over the files that were taken.</summary>
    internal long Patched => Interlocked.Read(ref _patched);

    /// <summary>Parts that were written anew.</summary>
    internal long Rewritten => Interlocked.Read(ref _rewritten);

    /// <summary>Plans that RocksDB refused to import; the rows were put instead.</summary>
    internal long Refused => Interlocked.Read(ref _refused);

    /// <summary>Backends restored row by row.</summary>
    internal long ByRows => Interlocked.Read(ref _byRows);

    /// <summary>Column families that were freed of foreign rows after their restore.</summary>
    internal long Cleaned => Interlocked.Read(ref _cleaned);

    internal void AddSameRange() => Interlocked.Increment(ref _sameRange);

    internal void AddRows() => Interlocked.Increment(ref _byRows);

    internal void AddRefused() => Interlocked.Increment(ref _refused);

    internal void AddCleaned() => Interlocked.Increment(ref _cleaned);

    internal void Add(TransferCounts transfers)
    {
        lock (_lock)
        {
            _transfers += transfers;
        }
    }

    internal void Add(RescalePlan plan)
    {
        Interlocked.Add(ref _whole, plan.Count(RescalePartKind.Whole));
        Interlocked.Add(ref _patched, plan.Count(RescalePartKind.Patch));
        Interlocked.Add(ref _rewritten, plan.Count(RescalePartKind.Rewrite));
    }
}
