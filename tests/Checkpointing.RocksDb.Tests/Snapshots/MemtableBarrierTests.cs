using Checkpointing.RocksDb.Native;
using Checkpointing.RocksDb.Snapshots;
using Checkpointing.State;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using static Checkpointing.RocksDb.Tests.RocksDbTestBed;

namespace Checkpointing.RocksDb.Tests.Snapshots;

/// <summary>The paths of a barrier, each reached on purpose: background work is paused and continued by hand.</summary>
public sealed class MemtableBarrierTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly RocksDbTestBed _bed = new(writeBufferSizeBytes: 64 << 10);

    public void Dispose() => _bed.Dispose();

    [Fact]
    public async Task PrepareSnapshot_FlushCannotRun_ReturnsAtOnce()
    {
        await using var backend = await _bed.OpenAsync();
        Put(backend, "a", "before");
        Database(backend).PauseBackgroundWork();
        var request = _bed.Request();
        await using var snapshot = backend.PrepareSnapshot(request);
        Put(backend, "a", "after");
        var writing = snapshot.WriteAsync(default).AsTask();
        writing.IsCompleted.Should().BeFalse("nothing is in a file yet");
        Database(backend).ContinueBackgroundWork();

        await using var restored = await RestoreAsync(await writing, request);
        Get(restored, "a").Should().Be("before");
        Counters(backend).Barriers(BarrierPath.NotWaited).Should().Be(1);
        Counters(backend).StraddlingFiles.Should().Be(0, "the row of after is still in memory");
    }

    [Fact]
    public async Task PrepareSnapshot_WritesStopped_WaitsAndHasTheCut()
    {
        await using var backend = await _bed.OpenAsync();
        var prepared = new List<(KeyedStateSnapshot Snapshot, SnapshotRequest Request)>();
        var database = Database(backend);
        database.PauseBackgroundWork();
        for (var i = 0; i < 4; i++)
        {
            // Each barrier seals a memtable, and four that wait for their flush stop all writes.
            Put(backend, "a", $"{i}");
            prepared.Add(Prepare(backend));
        }

        var last = Task.Run(() => Prepare(backend), TestContext.Current.CancellationToken);
        SpinWait.SpinUntil(() => Counters(backend).Barriers(BarrierPath.WritesStopped) == 1, Patience)
            .Should().BeTrue("the fifth barrier finds writes stopped");
        last.IsCompleted.Should().BeFalse();
        database.ContinueBackgroundWork();
        prepared.Add(await last);

        for (var i = 0; i < prepared.Count; i++)
        {
            var (snapshot, request) = prepared[i];
            await using var restored = await RestoreAsync(await snapshot.WriteAsync(default), request);
            Get(restored, "a").Should().Be($"{Math.Min(i, 3)}");
            await snapshot.DisposeAsync();
        }

        Counters(backend).Barriers(BarrierPath.NotWaited).Should().Be(4);
    }

    // Against the rules: a second thread writes. The barrier notices, waits for a flush, and still has its cut.
    [Fact]
    public async Task PrepareSnapshot_WrittenMeanwhile_FallsBackAndIsConsistent()
    {
        await using var backend = await _bed.OpenAsync(states: ["counts", "noise"]);
        var database = Database(backend);
        using var stop = new CancellationTokenSource();
        var noise = Task.Run(
            () =>
            {
                for (var i = 0; !stop.IsCancellationRequested; i++)
                {
                    Put(backend, $"{i % 100}", $"{i}", "noise");
                }
            },
            TestContext.Current.CancellationToken);
        var barriers = 0;
        try
        {
            while (Counters(backend).Barriers(BarrierPath.WrittenMeanwhile) == 0 && ++barriers < 1_000)
            {
                Put(backend, "a", $"{barriers}");
                var (snapshot, request) = Prepare(backend);
                await using (snapshot)
                {
                    Put(backend, "a", "after");
                    if (Counters(backend).Barriers(BarrierPath.WrittenMeanwhile) > 0)
                    {
                        var result = await snapshot.WriteAsync(default);
                        await using var restored = await _bed.OpenAsync(
                            [_bed.Resolve(result.Handle, request)!], states: ["counts", "noise"]);
                        Get(restored, "a").Should().Be($"{barriers}");
                    }
                }
            }
        }
        finally
        {
            await stop.CancelAsync();
            await noise;
        }

        Counters(backend).Barriers(BarrierPath.WrittenMeanwhile).Should().BePositive();
    }

    [Fact]
    public async Task PrepareSnapshot_FallsBack_IsLogged()
    {
        var log = new EventIdLog();
        await using var backend = await _bed.Factory.OpenAsync(_bed.Context() with { Logger = log }, default);
        var database = Database(backend);
        database.PauseBackgroundWork();
        for (var i = 0; i < 4; i++)
        {
            Put(backend, "a", $"{i}");
            await Prepare(backend).Snapshot.DisposeAsync();
        }

        log.Ids.Should().NotContain(5001);
        var last = Task.Run(() => Prepare(backend), TestContext.Current.CancellationToken);
        SpinWait.SpinUntil(() => log.Ids.Contains(5001), Patience).Should().BeTrue();
        database.ContinueBackgroundWork();
        await (await last).Snapshot.DisposeAsync();
    }

    [Fact]
    public async Task WriteAsync_FlushFails_IsATypedErrorAndLeavesNothing()
    {
        var backend = await _bed.OpenAsync();
        Put(backend, "a", "1");
        var database = Database(backend);
        database.PauseBackgroundWork();
        var (snapshot, _) = Prepare(backend);

        // A flush whose folder is gone fails as one whose disk is full does.
        Directory.Move(database.Path, database.Path + "-away");
        var writing = snapshot.WriteAsync(default).AsTask();
        database.ContinueBackgroundWork();
        (await ((Func<Task>)(() => writing)).Should().ThrowAsync<CheckpointStorageUnavailableException>())
            .WithMessage("*flush*");
        await snapshot.DisposeAsync();
        ExpectNothingHeld(backend);
        Directory.Move(database.Path + "-away", database.Path);
        await backend.DisposeAsync();
    }

    [Fact]
    public async Task WriteAsync_NoFlushEnds_FailsAtADeadline()
    {
        await using var backend = await _bed.Factory.OpenAsync(_bed.Context() with { Time = new FastTime() }, default);
        Put(backend, "a", "1");
        Database(backend).PauseBackgroundWork();
        var (snapshot, _) = Prepare(backend);
        (await ((Func<Task>)(async () => await snapshot.WriteAsync(default)))
            .Should().ThrowAsync<CheckpointStorageUnavailableException>()).WithMessage("*no flush ended*");
        await snapshot.DisposeAsync();
        Database(backend).ContinueBackgroundWork();
        ExpectNothingHeld(backend);
    }

    [Fact]
    public async Task WriteAsync_CancelledWhileWaiting_LeavesNothing()
    {
        await using var backend = await _bed.OpenAsync();
        Put(backend, "a", "1");
        Database(backend).PauseBackgroundWork();
        var (snapshot, _) = Prepare(backend);
        using var cancellation = new CancellationTokenSource();
        var writing = snapshot.WriteAsync(cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await ((Func<Task>)(() => writing)).Should().ThrowAsync<OperationCanceledException>();
        await snapshot.DisposeAsync();
        Database(backend).ContinueBackgroundWork();
        ExpectNothingHeld(backend);
        _bed.StoredFiles("job").Should().BeEmpty();

        // The next one is as if that had not been.
        var next = await _bed.TakeAsync(backend);
        await using var restored = await _bed.OpenAsync([next.Handle!]);
        Get(restored, "a").Should().Be("1");
    }

    [Fact]
    public async Task WriteAsync_BackendDisposedBeforeTheFlush_StillWrites()
    {
        var backend = await _bed.OpenAsync();
        for (var i = 0; i < 200; i++)
        {
            Put(backend, $"{i}", "before");
        }

        var database = Database(backend).Share();
        database.PauseBackgroundWork();
        var (snapshot, request) = Prepare(backend);
        Put(backend, "0", "after");
        await backend.DisposeAsync();
        ((Action)(() => backend.PrepareSnapshot(_bed.Request()))).Should().Throw<ObjectDisposedException>();

        var writing = snapshot.WriteAsync(default).AsTask();
        database.ContinueBackgroundWork();
        database.Dispose();
        var result = await writing;
        await snapshot.DisposeAsync();

        Directory.GetFileSystemEntries(_bed.WorkingDirectory).Should().BeEmpty("the last user removes the folder");
        await using var restored = await RestoreAsync(result, request);
        Rows(restored).Should().HaveCount(200);
        Get(restored, "0").Should().Be("before");
    }

    [Fact]
    public async Task DisposeAsync_BackendDisposedAndSnapshotNeverWritten_LeavesNothing()
    {
        var backend = await _bed.OpenAsync();
        Put(backend, "a", "1");
        var (snapshot, _) = Prepare(backend);
        await backend.DisposeAsync();
        await snapshot.DisposeAsync();
        Directory.GetFileSystemEntries(_bed.WorkingDirectory).Should().BeEmpty();
    }

    // The flush of before's memtable is announced, or counted, whichever memtables of after wait behind it.
    [Fact]
    public void SealedCount_MemtableOfBefore_IsNotCounted()
    {
        using var database = RocksDatabase.Create(Path.Combine(_bed.Root, "native"), _bed.Options);
        var family = database.CreateColumnFamily("s:a");
        database.PauseBackgroundWork();
        database.Put(family, "a"u8, "1"u8);
        var before = database.LatestSequence;
        using var watch = database.Events.Watch(before);
        database.TrySwitchMemtables([family]).Should().BeTrue();
        watch.SealedCount("s:a").Should().Be(0, "it holds a row of before");
        database.GetImmutableMemtableCount(family).Should().Be(1);
        database.GetActiveEntryCount(family).Should().Be(0);

        database.Put(family, "a"u8, "2"u8);
        database.GetActiveEntryCount(family).Should().Be(1);
        database.TrySwitchMemtables([family]).Should().BeTrue();
        watch.SealedCount("s:a").Should().Be(1);
        watch.SealedCount("s:b").Should().Be(0);
        var next = database.Events.Next;
        database.ContinueBackgroundWork();
        next.Wait(Patience, TestContext.Current.CancellationToken).Should().BeTrue("a flush is announced");
    }

    private static RocksDatabase Database(KeyedStateBackend backend) =>
        ((RocksDbKeyedStateBackend)backend).Scope.Database;

    private static SnapshotCounters Counters(KeyedStateBackend backend) =>
        ((RocksDbKeyedStateBackend)backend).Scope.Counters;

    private static void ExpectNothingHeld(KeyedStateBackend backend)
    {
        var scope = ((RocksDbKeyedStateBackend)backend).Scope;
        var family = scope.ColumnFamilies[0];
        scope.Database.GetProperty(family, "rocksdb.num-snapshots\0"u8).Should().Be(0);
        scope.Database.GetProperty(family, "rocksdb.is-file-deletions-enabled\0"u8).Should().Be(1);
        Directory.GetDirectories(scope.Folder.Path, "pins-*").Should().BeEmpty();
    }

    private (KeyedStateSnapshot Snapshot, SnapshotRequest Request) Prepare(KeyedStateBackend backend)
    {
        var request = _bed.Request();
        return (backend.PrepareSnapshot(request), request);
    }

    private ValueTask<KeyedStateBackend> RestoreAsync(KeyedSnapshotResult result, SnapshotRequest request) =>
        _bed.OpenAsync([_bed.Resolve(result.Handle, request)!]);

    /// <summary>Time in which ten seconds pass at every look.</summary>
    private sealed class FastTime : TimeProvider
    {
        private long _seconds;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Interlocked.Add(ref _seconds, 10);
    }

    private sealed class EventIdLog : ILogger
    {
        private readonly Lock _lock = new();
        private readonly List<int> _ids = [];

        public IReadOnlyList<int> Ids
        {
            get
            {
                lock (_lock)
                {
                    return [.. _ids];
                }
            }
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => NullLogger.Instance.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            lock (_lock)
            {
                _ids.Add(eventId.Id);
            }
        }
    }
}
