using Checkpointing.RocksDb;
using Checkpointing.RocksDb.Snapshots;

namespace Checkpointing.Torture.States;

// Checkpoints, one or several at a time, that complete or do not.
internal sealed partial class StateHistory
{
    // So many memtables that wait for their flush stop all writes.
    private const int StoppingMemtableCount = 4;
    private const int MostInCrowd = 6;

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private Task CheckpointAsync() => CheckpointAsync(
        Next(6) switch
        {
            0 => CheckpointKind.FullCheckpoint,
            1 => CheckpointKind.Savepoint,
            _ => CheckpointKind.Checkpoint,
        },
        (SavepointFormat)Next(2));

    private async Task CheckpointAsync(CheckpointKind kind, SavepointFormat format = SavepointFormat.Canonical)
    {
        _trace.Append($"c{kind} ");
        Paths.Add(kind switch
        {
            CheckpointKind.FullCheckpoint => "full checkpoints",
            CheckpointKind.Savepoint => format == SavepointFormat.Native ? "native savepoints" : "savepoints",
            _ => "checkpoints",
        });
        var pending = Trigger(kind, format);
        if (Next(3) == 0)
        {
            // What is flushed and compacted now lies in files with rows of before.
            Write(Next(200));
            DisturbSome();
        }

        await pending.WriteAsync();
        await CompleteAsync(pending);
    }

    private async Task AbortAsync(AbortWay way)
    {
        _trace.Append($"abort{way} ");
        var pending = Trigger(Next(5) == 0 ? CheckpointKind.FullCheckpoint : CheckpointKind.Checkpoint);
        Write(Next(50));
        switch (way)
        {
            case AbortWay.Unwritten:
                Paths.Add("aborted unwritten");
                break;
            case AbortWay.HalfWritten:
                Paths.Add("aborted half written");
                await pending.WriteAsync(_rocks.Subtasks.Count / 2);
                break;
            case AbortWay.Written:
                Paths.Add("aborted written");
                await pending.WriteAsync();
                break;
            default:
                await FailAsync(pending);
                break;
        }

        await AbortAsync(pending);
    }

    /// <summary>The storage fails in the middle.</summary>
    private async Task FailAsync(Pending pending)
    {
        _storage.FailAfter(Next(2 * _rocks.Subtasks.Count));
        try
        {
            await HistoryJob.WriteAsync(pending.Rocks, pending.Rocks.Plans.Count);
        }
        catch (CheckpointStorageUnavailableException)
        {
            Paths.Add("aborted by a failure of the storage");
        }
        finally
        {
            _storage.Mend();
        }
    }

    /// <summary>Two checkpoints that are both under way.</summary>
    private async Task OverlapAsync()
    {
        _trace.Append("overlap ");
        var older = Trigger(CheckpointKind.Checkpoint);
        Write(Next(200));
        var newer = Trigger(Next(4) == 0 ? CheckpointKind.FullCheckpoint : CheckpointKind.Checkpoint);
        Write(Next(200));
        DisturbSome();
        Paths.Add("two in flight");
        if (Next(2) == 0)
        {
            Paths.Add("two in flight, newer first");
            await newer.WriteAsync();
        }

        switch (Next(4))
        {
            case 0:
                await AbortAsync(older);
                Paths.Add("older aborted, newer completed");
                break;
            case 1:
                // The newer one completes, and the older one has come too late.
                await newer.WriteAsync();
                await older.WriteAsync(Next(_rocks.Subtasks.Count + 1));
                await AbortAsync(older);
                Paths.Add("older aborted, newer completed");
                break;
            default:
                await older.WriteAsync();
                await CompleteAsync(older);
                Write(Next(50));
                break;
        }

        await newer.WriteAsync();
        if (Next(5) == 0)
        {
            Paths.Add("aborted written");
            await AbortAsync(newer);
        }
        else
        {
            await CompleteAsync(newer);
        }
    }

    /// <summary>A checkpoint that is written by another thread while this one goes on.</summary>
    private async Task CheckpointBesideWritesAsync()
    {
        _trace.Append("beside ");
        var pending = Trigger(CheckpointKind.Checkpoint);
        var writing = Task.Run(() => pending.WriteAsync());
        for (var i = 1 + Next(20); i > 0; i--)
        {
            Write(Next(100));
        }

        await writing;
        Paths.Add("written beside writes");
        await CompleteAsync(pending);
    }

    /// <summary>So many checkpoints at once that RocksDB stops writes at the last one's barrier.</summary>
    private async Task CrowdAsync()
    {
        var subtask = Next(_rocks.Subtasks.Count);
        var backend = (RocksDbKeyedStateBackend)_rocks.Backends[subtask];
        var key = Enumerable.Range(backend.Range.First, backend.Range.Count).SelectMany(group => _keys[group])
            .FirstOrDefault();
        if (backend.Scope.Options.Snapshots == RocksDbSnapshotMode.Full || key is null)
        {
            return;
        }

        _trace.Append("crowd ");
        var pending = new List<Pending>();
        var database = backend.Database;
        database.Flush(backend.ColumnFamilies);
        database.PauseBackgroundWork();
        var isPaused = true;
        for (var i = 0; isPaused; i++)
        {
            if (database.GetImmutableMemtableCount(backend.ColumnFamilies[0]) < StoppingMemtableCount)
            {
                Apply(NewOperation(key) with { State = 0, Choice = StateOperation.ChoiceCount - 1, Text = $"{i}" });
            }

            // The barrier that stops writes waits for a flush, and that for this thread.
            var stopped = backend.Scope.Counters.Barriers(BarrierPath.WritesStopped);
            var barrier = Task.Run(() => Trigger(CheckpointKind.Checkpoint));
            SpinWait.SpinUntil(
                () => barrier.IsCompleted || backend.Scope.Counters.Barriers(BarrierPath.WritesStopped) > stopped,
                s_patience);
            if (!barrier.IsCompleted || i == MostInCrowd)
            {
                database.ContinueBackgroundWork();
                isPaused = false;
            }

            pending.Add(await barrier);
        }

        foreach (var one in pending)
        {
            await one.WriteAsync();
            await CompleteAsync(one);
        }
    }

    private Pending Trigger(CheckpointKind kind, SavepointFormat format = SavepointFormat.Canonical)
    {
        var id = new CheckpointId(++_lastCheckpoint);
        var namesBase = Next(10) > 0;
        return new(
            _model.Copy(), _rocks.Trigger(id, kind, namesBase, format), _heap.Trigger(id, kind, namesBase, format));
    }

    private async Task CompleteAsync(Pending pending)
    {
        var isLost = Next(6) == 0;
        Paths.Add("notice lost", isLost ? 1 : 0);
        Paths.Add("files used again", pending.Rocks.Written.Sum(static written => written.Cost.ReusedFiles));
        var before = _rocks.Retained.Count;
        var rocks = await _rocks.CompleteAsync(pending.Rocks, _retainedCount, subtask => !isLost || subtask % 2 == 0);
        var heap = await _heap.CompleteAsync(pending.Heap, _retainedCount, static _ => true);
        var completed = new Completed(pending.Model, rocks, heap);
        if (rocks.Kind == CheckpointKind.Savepoint)
        {
            _savepoint = completed;
        }
        else
        {
            Paths.Add("subsumed", before + 1 - _rocks.Retained.Count);
            _completed.Add(completed);
            _completed.RemoveAll(old => !_rocks.Retained.Contains(old.Rocks) && old != _origin);
        }
    }

    private async Task AbortAsync(Pending pending)
    {
        var isNotified = Next(4) > 0;
        Paths.Add("notice lost", isNotified ? 0 : 1);
        await _rocks.AbortAsync(pending.Rocks, isNotified);
        await _heap.AbortAsync(pending.Heap, isNotified);
    }

    /// <summary>How far a checkpoint got that is given up.</summary>
    private enum AbortWay
    {
        Unwritten,
        HalfWritten,
        Written,
        StorageFails,
    }

    /// <summary>A checkpoint of both jobs that is under way, and what it is to hold.</summary>
    private sealed record Pending(HistoryModel Model, InFlight Rocks, InFlight Heap)
    {
        /// <summary>Writes what is not written yet.</summary>
        internal async Task WriteAsync(int? subtaskCount = null)
        {
            await HistoryJob.WriteAsync(Rocks, subtaskCount ?? Rocks.Plans.Count);
            await HistoryJob.WriteAsync(Heap, subtaskCount ?? Heap.Plans.Count);
        }
    }
}
