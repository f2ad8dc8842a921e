using System.Collections.Concurrent;

namespace Checkpointing.RocksDb.Native;

/// <summary>Counts sealed memtables that hold nothing up to a sequence number, until disposed.</summary>
/// <param name="events">Who reports.</param>
/// <param name="sequence">The sequence number.</param>
internal sealed class MemtableWatch(MemtableEvents events, ulong sequence) : IDisposable
{
    private readonly ConcurrentDictionary<string, long> _sealed = new(StringComparer.Ordinal);
    private int _failureCount;

    /// <summary>Whether background work other than compaction has failed since.</summary>
    internal bool HasFailed => Volatile.Read(ref _failureCount) > 0;

    /// <summary>Memtables of a column family sealed since, all of whose rows are newer.</summary>
    internal long SealedCount(string columnFamily) => _sealed.GetValueOrDefault(columnFamily);

    /// <inheritdoc/>
    public void Dispose() => events.Remove(this);

    /// <summary>A memtable was sealed. One whose first row is not newer is not counted, whenever its seal is
    /// heard.</summary>
    internal void AddSealed(string columnFamily, ulong firstSequence)
    {
        if (firstSequence > sequence)
        {
            _sealed.AddOrUpdate(columnFamily, 1, static (_, count) => count + 1);
        }
    }

    /// <summary>Background work has failed.</summary>
    internal void AddFailure() => Interlocked.Increment(ref _failureCount);
}
