using Checkpointing.RocksDb.Native;
using Checkpointing.RocksDb.Snapshots;
using Checkpointing.State;
using Checkpointing.StateHandles;
using static Checkpointing.RocksDb.Tests.RocksDbTestBed;

namespace Checkpointing.RocksDb.Tests.Snapshots;

/// <summary>Files with rows of both sides of a barrier, made on purpose: two memtables wait while background work is
/// paused, and one flush takes both.</summary>
public sealed class StraddleExportTests : IDisposable
{
    private readonly RocksDbTestBed _bed = new(writeBufferSizeBytes: 64 << 10);

    public void Dispose() => _bed.Dispose();

    // The reason for the view. Without one a compaction to the bottom makes later rows look old.
    [Fact]
    public void GetLiveFiles_CompactedToTheBottom_TellsTheTruthOnlyWhileAViewIsHeld()
    {
        LargestSequence(holdsView: false).Should().Be(0, "a row of after the cut passes for one of before");
        LargestSequence(holdsView: true).Should().Be(4, "the files say what is in them");
    }

    [Fact]
    public async Task WriteAsync_StraddlingFileAlone_ExportsItsRowsToTheBottom()
    {
        await using var backend = await _bed.OpenAsync();
        Put(backend, "a", "before");
        Put(backend, "gone", "before");
        backend.GetTable("counts").Delete(Key("gone"));
        Append(backend, "list", "1");
        var (result, request) = await TakeStraddledAsync(backend);

        var counters = Counters(backend);
        counters.StraddlingFiles.Should().Be(1);
        counters.PatchedFamilies.Should().Be(0, "there is no kept file");
        counters.ExportedFiles.Should().Be(1);
        var sent = (IncrementalKeyedStateHandle)result.Handle!;
        sent.SharedFiles.Should().ContainSingle();
        result.Cost.NewBytes.Should().BeGreaterThan(counters.ExportedBytes, "the catalogue counts too");
        await using var restored = await RestoreAsync(result, request);
        Rows(restored).Should().HaveCount(2);
        Get(restored, "a").Should().Be("before");
        Get(restored, "list").Should().Be("1");
        Get(restored, "gone").Should().BeNull();
    }

    [Fact]
    public async Task WriteAsync_StraddlingOverKeptFiles_PatchesThem()
    {
        await using var backend = await _bed.OpenAsync();

        // Few enough for one file: with four RocksDB would compact them, and then none would be named again.
        for (var i = 0; i < 500; i++)
        {
            Put(backend, $"{i}", "base");
        }

        Append(backend, "list", "1");
        var first = await _bed.TakeAsync(backend);
        Put(backend, "0", "before");
        backend.GetTable("counts").Delete(Key("1"));
        Append(backend, "list", "2");
        Put(backend, "new", "before");
        Put(backend, "back", "before");
        backend.GetTable("counts").Delete(Key("back"));
        var (result, request) = await TakeStraddledAsync(backend, first.Id);

        var counters = Counters(backend);
        counters.PatchedFamilies.Should().Be(1);
        counters.ExportedBytes.Should().BeInRange(1, 4_000, "only what differs is written");
        result.Cost.ReusedFiles.Should().Be(first.Sent.SharedFiles.Count, "the kept files are named, not sent");
        result.Cost.NewFiles.Should().Be(1);
        var handle = _bed.Resolve(result.Handle, request)!;
        await using (var restored = await _bed.OpenAsync([handle], restoredCheckpoint: request.CheckpointId))
        {
            Rows(restored).Should().HaveCount(501);
            Get(restored, "0").Should().Be("before");
            Get(restored, "1").Should().BeNull();
            Get(restored, "2").Should().Be("base");
            Get(restored, "list").Should().Be("12");
            Get(restored, "new").Should().Be("before");
            Get(restored, "back").Should().BeNull();

            // Another life over it: the patch is a file like any other, known again after the import.
            Append(restored, "list", "3");
            var next = await _bed.TakeAsync(restored, request.CheckpointId);
            next.Result.Cost.NewFiles.Should().Be(1, "the patch and all below it are stored already");
            await using var again = await _bed.OpenAsync([next.Handle!]);
            Get(again, "list").Should().Be("123");
            Get(again, "0").Should().Be("before");
            Get(again, "1").Should().BeNull();
            Rows(again).Should().HaveCount(501);
        }

        // And the backend itself goes on from the base that it had.
        backend.NotifyCompleted(request.CheckpointId);
        var last = await _bed.TakeAsync(backend, request.CheckpointId);
        last.Sent.SharedFiles.Count(file => file.Handle is PlaceholderStateHandle)
            .Should().Be(first.Sent.SharedFiles.Count);
        await using var newest = await _bed.OpenAsync([last.Handle!]);
        Rows(newest).Should().Equal(Rows(backend));
    }

    [Fact]
    public async Task WriteAsync_OneStateStraddles_OthersAreAsTheyWere()
    {
        await using var backend = await _bed.OpenAsync(states: ["counts", "other"]);
        Put(backend, "a", "before");
        Put(backend, "a", "before", "other");
        var (result, request) = await TakeStraddledAsync(backend);
        var names = ((IncrementalKeyedStateHandle)result.Handle!).SharedFiles.Select(file => file.LocalName).ToList();
        names.Should().HaveCount(2).And.ContainSingle(name => name.StartsWith("pins-", StringComparison.Ordinal));
        await using var restored = await _bed.OpenAsync(
            [_bed.Resolve(result.Handle, request)!], states: ["counts", "other"]);
        Get(restored, "a").Should().Be("before");
        Get(restored, "a", "other").Should().Be("before");
    }

    [Fact]
    public async Task WriteAsync_TwoSnapshotsOverOneStraddlingFile_EachHasItsCut()
    {
        await using var backend = await _bed.OpenAsync();
        Database(backend).PauseBackgroundWork();
        var prepared = new List<(KeyedStateSnapshot Snapshot, SnapshotRequest Request)>();
        for (var i = 0; i < 2; i++)
        {
            Put(backend, "a", $"{i}");
            var request = _bed.Request();
            prepared.Add((backend.PrepareSnapshot(request), request));
        }

        FillMemtable(backend);
        var writing = prepared.ConvertAll(static pair => Task.Run(async () => await pair.Snapshot.WriteAsync(default)));
        Database(backend).ContinueBackgroundWork();
        var results = await Task.WhenAll(writing);
        for (var i = 0; i < 2; i++)
        {
            await using var restored = await RestoreAsync(results[i], prepared[i].Request);
            Rows(restored).Should().ContainSingle();
            Get(restored, "a").Should().Be($"{i}");
            await prepared[i].Snapshot.DisposeAsync();
        }

        Counters(backend).StraddlingFiles.Should().Be(2);
    }

    [Fact]
    public async Task WriteAsync_OnlyDeletionsBefore_GivesNoFile()
    {
        await using var backend = await _bed.OpenAsync();
        Put(backend, "a", "before");
        backend.GetTable("counts").Delete(Key("a"));
        var (result, _) = await TakeStraddledAsync(backend);
        Counters(backend).StraddlingFiles.Should().Be(1);
        result.Handle.Should().BeNull("the state was empty");
    }

    // What a full disk does to the export: every write to this device fails for want of space.
    [Fact]
    public async Task WriteAsync_NoSpaceForTheExport_IsATypedErrorAndLeavesNothing()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "There is no device that is always full.");
        await using var backend = await _bed.OpenAsync();
        var scope = ((RocksDbKeyedStateBackend)backend).Scope;
        Put(backend, "a", "before");
        var number = 1 + int.Parse(Path.GetFileName(scope.Folder.NewDatabasePath("x")).AsSpan(2));
        var pins = Directory.CreateDirectory(Path.Combine(scope.Folder.Path, $"pins-{number}")).FullName;
        File.CreateSymbolicLink(Path.Combine(pins, $"pins-{number}-0-000000.sst"), "/dev/full");

        await ((Func<Task>)(() => TakeStraddledAsync(backend)))
            .Should().ThrowAsync<CheckpointStorageUnavailableException>().WithMessage("*No space left*");
        Directory.Exists(pins).Should().BeFalse();
        var family = scope.ColumnFamilies[0];
        scope.Database.GetProperty(family, "rocksdb.num-snapshots\0"u8).Should().Be(0);
        scope.Database.GetProperty(family, "rocksdb.is-file-deletions-enabled\0"u8).Should().Be(1);

        var next = await _bed.TakeAsync(backend);
        await using var restored = await _bed.OpenAsync([next.Handle!]);
        Rows(restored).Should().Equal(Rows(backend));
    }

    [Fact]
    public async Task WriteAsync_CancelledInTheExport_LeavesNothing()
    {
        await using var backend = await _bed.OpenAsync();
        var scope = ((RocksDbKeyedStateBackend)backend).Scope;
        Put(backend, "a", "before");
        using var barrier = MemtableBarrier.Raise(scope);
        FillMemtable(backend);
        scope.Database.Flush(scope.ColumnFamilies);
        scope.Database.Compact(scope.ColumnFamilies[0]);
        var folder = scope.Folder.NewFolder("pins");
        var running = scope.Ledger.Begin(new(1), null);
        var cut = new SnapshotCut(scope, barrier, running, isAnew: false, folder);
        ((Action)(() => cut.Make(new CancellationToken(canceled: true)))).Should()
            .Throw<OperationCanceledException>();
        Counters(backend).StraddlingFiles.Should().BePositive();
        scope.Database.GetProperty(scope.ColumnFamilies[0], "rocksdb.is-file-deletions-enabled\0"u8)
            .Should().Be(1);
    }

    private ulong LargestSequence(bool holdsView)
    {
        using var database = RocksDatabase.Create(Path.Combine(_bed.Root, $"native-{holdsView}"), _bed.Options);
        var family = database.CreateColumnFamily("s:a");
        database.Put(family, "a"u8, "before"u8);
        database.Put(family, "b"u8, "before"u8);
        database.Flush([family]);
        database.LatestSequence.Should().Be(2);
        using var view = holdsView ? database.CreateSnapshot() : null;
        database.Put(family, "a"u8, "after"u8);
        database.Put(family, "b"u8, "after"u8);
        database.Flush([family]);
        database.Compact(family);
        return database.GetLiveFiles().Max(static file => file.LargestSequence);
    }

    private static RocksDatabase Database(KeyedStateBackend backend) =>
        ((RocksDbKeyedStateBackend)backend).Scope.Database;

    private static SnapshotCounters Counters(KeyedStateBackend backend) =>
        ((RocksDbKeyedStateBackend)backend).Scope.Counters;

    // More rows than a memtable of 64 KiB has room for, so that it is sealed.
    private static void FillMemtable(KeyedStateBackend backend)
    {
        for (var i = 0; i < 200; i++)
        {
            Put(backend, $"{i}", new string('x', 500));
        }
    }

    private async Task<(KeyedSnapshotResult Result, SnapshotRequest Request)> TakeStraddledAsync(
        KeyedStateBackend backend, CheckpointId? baseId = null)
    {
        Database(backend).PauseBackgroundWork();
        var request = _bed.Request(baseId);
        await using var snapshot = backend.PrepareSnapshot(request);
        FillMemtable(backend);
        Put(backend, "a", "after");
        Append(backend, "list", "after");
        var writing = snapshot.WriteAsync(default).AsTask();
        Database(backend).ContinueBackgroundWork();
        return (await writing, request);
    }

    private ValueTask<KeyedStateBackend> RestoreAsync(KeyedSnapshotResult result, SnapshotRequest request) =>
        _bed.OpenAsync([_bed.Resolve(result.Handle, request)!]);
}
