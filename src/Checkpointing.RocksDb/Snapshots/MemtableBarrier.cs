using Checkpointing.RocksDb.Native;

namespace Checkpointing.RocksDb.Snapshots;

/// <summary>The cut of a snapshot: all that was written before it is in files soon, and a view holds it until
/// then.</summary>
/// <remarks>
/// <para>The view is what keeps the cut visible in the files: while it is held no compaction drops a row that it
/// sees, or sets the sequence number of a later row to 0.</para>
/// <para>Keeps the database open until disposed, also when the backend is disposed before.</para>
/// </remarks>
internal sealed class MemtableBarrier : IDisposable
{
    /// <summary>Longest wait without any flush ending: then the checkpoint fails.</summary>
    internal static readonly TimeSpan MaxIdleTime = TimeSpan.FromMinutes(1);

    // Flushes are announced; looking again without is for one that ended without announcement.
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromMilliseconds(50);

    private readonly RocksDbBackendScope _scope;
    private readonly MemtableWatch _watch;

    private MemtableBarrier(
        RocksDbBackendScope scope, RocksDatabase database, RocksSnapshot view, MemtableWatch watch)
    {
        _scope = scope;
        Database = database;
        View = view;
        _watch = watch;
    }

    /// <summary>The database, held for the snapshot.</summary>
    internal RocksDatabase Database { get; }

    /// <summary>The state at the cut.</summary>
    internal RocksSnapshot View { get; }

    /// <summary>How it was raised.</summary>
    internal BarrierPath Path { get; private set; }

    /// <summary>Sequence number of the newest write before the cut.</summary>
    internal ulong Sequence => View.Sequence;

    /// <summary>Raises the barrier, on the writer's thread between two writes: seals memtables, and does not wait for
    /// their flush unless it must.</summary>
    internal static MemtableBarrier Raise(RocksDbBackendScope scope)
    {
        var sequence = scope.Database.LatestSequence;
        var database = scope.Database.Share();
        RocksSnapshot? view = null;
        MemtableWatch? watch = null;
        try
        {
            view = database.CreateSnapshot();
            watch = database.Events.Watch(view.Sequence);
            var barrier = new MemtableBarrier(scope, database, view, watch);
            barrier.Seal(sequence);
            return barrier;
        }
        catch
        {
            watch?.Dispose();
            view?.Dispose();
            database.Dispose();
            throw;
        }
    }

    /// <summary>Waits until all that was written before the cut is in files.</summary>
    /// <exception cref="CheckpointStorageUnavailableException">The flush failed, or none ended for
    /// <see cref="MaxIdleTime"/>.</exception>
    internal async ValueTask WaitUntilFlushedAsync(CancellationToken cancellationToken)
    {
        var time = _scope.Context.Time;
        foreach (var family in _scope.ColumnFamilies)
        {
            var idleSince = time.GetTimestamp();
            while (true)
            {
                // The order matters. Memtables become files in the order of their seals: if no more are left than were
                // sealed after the cut by an earlier look, all that are left are from after it, and stay so.
                var next = Database.Events.Next;
                var sealedAfter = _watch.SealedCount(family.Name);
                if (Database.GetImmutableMemtableCount(family) <= (ulong)sealedAfter)
                {
                    break;
                }

                if (_watch.HasFailed || time.GetElapsedTime(idleSince) > MaxIdleTime)
                {
                    throw new CheckpointStorageUnavailableException(
                        Database.Path,
                        _watch.HasFailed
                            ? $"cannot be flushed up to sequence number {Sequence}: RocksDB reported an error."
                            : $"was not flushed up to sequence number {Sequence}: no flush ended for {MaxIdleTime}.");
                }

                await next.WaitAsync(LookAgainAfter, time, cancellationToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                cancellationToken.ThrowIfCancellationRequested();
                if (next.IsCompleted)
                {
                    idleSince = time.GetTimestamp();
                }
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _watch.Dispose();
        View.Dispose();
        Database.Dispose();
    }

    private void Seal(ulong sequence)
    {
        Path = TrySeal(sequence);
        _scope.Counters.AddBarrier(Path);
        if (Path != BarrierPath.NotWaited)
        {
            // Right in every case: whatever the view sees was written before this flush.
            _scope.Context.Logger.BarrierWaits(_scope.Context.Operator, _scope.Context.SubtaskIndex, Path);
            Database.Flush(_scope.ColumnFamilies);
        }
    }

    private BarrierPath TrySeal(ulong sequence)
    {
        if (Sequence != sequence)
        {
            return BarrierPath.WrittenMeanwhile;
        }

        if (!Database.TrySwitchMemtables(_scope.ColumnFamilies))
        {
            return BarrierPath.WritesStopped;
        }

        if (Database.LatestSequence != sequence)
        {
            return BarrierPath.WrittenMeanwhile;
        }

        return _scope.ColumnFamilies.Any(family => Database.GetActiveEntryCount(family) != 0)
            ? BarrierPath.NotSealed
            : BarrierPath.NotWaited;
    }
}
