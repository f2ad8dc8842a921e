using System.Buffers;
using Checkpointing.KeyGroups;
using Checkpointing.RocksDb.Restore;
using Checkpointing.RocksDb.Snapshots;
using Checkpointing.SharedState;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Microsoft.Extensions.Logging;
using static Checkpointing.RocksDb.Tests.RocksDbTestBed;

namespace Checkpointing.RocksDb.Tests.Restore;

public sealed class RescaleRestoreTests : IDisposable
{
    private static readonly KeyGroupRange s_low = new(0, 7);
    private static readonly KeyGroupRange s_high = new(8, 15);

    private readonly RocksDbTestBed _bed = new();

    private RestoreCounts Counts => _bed.Options.Counts;

    public void Dispose() => _bed.Dispose();

    [Fact]
    public async Task Out_BothHalves_NameTheSameFilesAndTheNextSnapshotRestores()
    {
        var (taken, rows) = await FillAsync(All);
        var sources = taken.Incremental.SharedFiles.Select(taken.Incremental.KeyOf).ToHashSet();
        var next = new List<Taken>();
        foreach (var range in new[] { s_low, s_high })
        {
            await using var half = await OpenAsync([taken.Handle!], range, taken.Id, cleansUp: false);
            RowsIn(rows, range).Should().Equal(Rows(half));
            var sent = await _bed.TakeAsync(half, taken.Id);
            sent.Sent.SharedFiles.Select(file => file.Handle).Should().AllBeOfType<PlaceholderStateHandle>(
                "nothing was written since");
            sent.Sent.SharedFiles.Select(sent.Sent.KeyOf).Should().BeSubsetOf(sources, "a file keeps its one key");
            sent.Sent.BackendId.Should().NotBe(taken.Sent.BackendId);
            sent.Result.Cost.NewFiles.Should().Be(0);
            next.Add(sent);
        }

        // A coordinator's registry takes both, and lets go of each file once.
        var registry = new SharedStateRegistry();
        registry.RegisterAll(taken.Handle!, SharedStateOwner.Checkpoint(Job, taken.Id));
        var owner = SharedStateOwner.Checkpoint(Job, new(99));
        next.ForEach(sent => registry.RegisterAll(sent.Sent, owner).SizeBytes.Should().BePositive());
        registry.ReleaseAll(SharedStateOwner.Checkpoint(Job, taken.Id)).Should().BeEmpty();
        registry.ReleaseAll(owner).Select(entry => entry.Key).Should().OnlyHaveUniqueItems().And.BeEquivalentTo(
            next.SelectMany(sent => sent.Sent.SharedFiles.Select(sent.Sent.KeyOf)).Distinct());

        await using var whole = await OpenAsync([.. next.Select(sent => sent.Handle!)], All, next[1].Id);
        Rows(whole).Should().Equal(rows);
        Counts.ByRows.Should().Be(0);
    }

    [Fact]
    public async Task Out_NotYetClean_IsSeenInTheCatalogueAndGoesInTheBackground()
    {
        var (taken, rows) = await FillAsync(All);
        await using (var unclean = await OpenAsync([taken.Handle!], s_low, taken.Id, cleansUp: false))
        {
            unclean.Cleanup.Should().BeNull();
            CatalogueOf(await _bed.TakeAsync(unclean)).Files.Should().Contain(
                file => RescalePlanner.SticksOut(file.File, s_low));
        }

        await using var clean = await OpenAsync([taken.Handle!], s_low, taken.Id, cleansUp: true);
        await clean.Cleanup!.Ended;
        CatalogueOf(await _bed.TakeAsync(clean)).Files.Should().NotContain(
            file => RescalePlanner.SticksOut(file.File, s_low));
        RowsIn(rows, s_low).Should().Equal(Rows(clean));
        Counts.Cleaned.Should().Be(1);
    }

    [Fact]
    public async Task Out_SameRangeAgainBeforeItIsClean_IsCleanedThen()
    {
        var (taken, rows) = await FillAsync(All);
        Taken next;
        await using (var unclean = await OpenAsync([taken.Handle!], s_low, taken.Id, cleansUp: false))
        {
            next = await _bed.TakeAsync(unclean, taken.Id);
        }

        await using var again = await OpenAsync([next.Handle!], s_low, next.Id, cleansUp: true);
        await again.Cleanup!.Ended;
        ForeignRowCleanup.Unclean(again.Database, s_low).Should().BeEmpty();
        RowsIn(rows, s_low).Should().Equal(Rows(again));
    }

    [Fact]
    public async Task DisposeAsync_WhileCleaning_WaitsAndLeavesNothing()
    {
        var (taken, _) = await FillAsync(All, rowCount: 4000);
        for (var i = 0; i < 5; i++)
        {
            var backend = await OpenAsync([taken.Handle!], s_low, taken.Id, cleansUp: true);
            await backend.DisposeAsync();
            backend.Cleanup!.Ended.IsCompleted.Should().BeTrue();
        }

        Directory.GetFileSystemEntries(_bed.WorkingDirectory).Should().BeEmpty();
    }

    [Fact]
    public async Task Cleanup_WhileASnapshotIsRead_ChangesNothingInIt()
    {
        // A filter drops rows that open snapshots see, but only foreign ones.
        var (taken, rows) = await FillAsync(All);
        await using var backend = await OpenAsync([taken.Handle!], s_low, taken.Id, cleansUp: false);
        await using var savepoint = backend.PrepareSnapshot(_bed.Request(kind: CheckpointKind.Savepoint, id: new(77)));
        var (lower, end) = RowBounds.Of(s_low);
        backend.Database.Compact(backend.ColumnFamilies[0], [], lower);
        backend.Database.Compact(backend.ColumnFamilies[0], end, []);
        backend.Database.Compact(backend.ColumnFamilies[0], end, []);
        ForeignRowCleanup.Unclean(backend.Database, s_low).Should().BeEmpty("the filter ran");
        var request = _bed.Request(kind: CheckpointKind.Savepoint, id: new(77));
        var handle = _bed.Resolve((await savepoint.WriteAsync(default)).Handle, request)!;
        await using var restored = await _bed.OpenAsync([handle], s_low);
        Rows(restored).Should().Equal(RowsIn(rows, s_low));
    }

    [Fact]
    public async Task Out_RowsOfOthers_AreNotRead()
    {
        var (taken, rows) = await FillAsync(All);
        await using var backend = await OpenAsync([taken.Handle!], s_low, taken.Id, cleansUp: false);
        var foreign = rows.Keys.Select(Convert.FromHexString)
            .First(key => s_high.Contains(KeyedRowKey.ReadKeyGroup(key)));
        backend.Database.Get(backend.ColumnFamilies[0], foreign, new ArrayBufferWriter<byte>(), 16)
            .Should().BePositive("the file was taken as it is");
        backend.GetTable("counts").TryGet(foreign, new ArrayBufferWriter<byte>()).Should().BeFalse();
        backend.GetTable("counts").TryGet([0], new ArrayBufferWriter<byte>()).Should().BeFalse();
        using var cursor = backend.GetTable("counts").Scan(foreign);
        cursor.MoveNext().Should().BeFalse();
    }

    [Fact]
    public async Task Out_AnotherJobsFiles_AreCopiedWithinTheStorage()
    {
        var (taken, rows) = await FillAsync(All);
        var handles = new List<KeyedStateHandle>();
        foreach (var range in new[] { s_low, s_high })
        {
            await using var half = await OpenAsync([taken.Handle!], range, taken.Id, cleansUp: false, isForeign: true);
            var first = await _bed.TakeAsync(half);
            first.Result.Cost.NewFiles.Should().Be(0, "nothing went through the process");
            first.Sent.SharedFiles.Select(first.Sent.KeyOf).Should().OnlyContain(
                key => key.BackendId == half.BackendId && key.Range == range);
            handles.Add(first.Handle!);
        }

        foreach (var file in taken.Incremental.SharedFiles)
        {
            File.Delete(_bed.FullPath(file.Handle));
        }

        await using var whole = await OpenAsync(handles, All, new(50));
        Rows(whole).Should().Equal(rows);
    }

    [Fact]
    public async Task In_DisjointFiles_AreTakenAndKeepTheirKeys()
    {
        // Deep in the tree: four files of level 0 would be compacted at once.
        var (low, lowRows) = await FillAsync(s_low, level: 6);
        var (high, highRows) = await FillAsync(s_high, level: 6);
        await using var whole = await OpenAsync([low.Handle!, high.Handle!], All, high.Id);
        Rows(whole).Should().Equal(lowRows.Concat(highRows).ToDictionary());
        Counts.Whole.Should().Be(2);
        whole.Cleanup.Should().BeNull("no file sticks out");
        var next = await _bed.TakeAsync(whole, high.Id);
        next.Sent.SharedFiles.Select(next.Sent.KeyOf).Should().BeEquivalentTo(
            new[] { low.Sent, high.Sent }.SelectMany(sent => sent.SharedFiles.Select(sent.KeyOf)));
    }

    [Fact]
    public async Task In_LeftoversBesideNewFiles_ArePatchedOver()
    {
        var (taken, rows) = await FillAsync(All, rowCount: 50);
        var handles = new List<KeyedStateHandle>();
        var last = taken.Id;
        foreach (var range in new[] { s_low, s_high })
        {
            await using var half = await OpenAsync([taken.Handle!], range, taken.Id, cleansUp: false);

            // New rows in a file of their own, more than the old; and old rows appended to, deleted, put again.
            foreach (var (name, index) in Rows(half).Keys.Select((name, index) => (name, index)))
            {
                Change(half, Convert.FromHexString(name), index, rows);
            }

            for (var i = 0; i < 2000; i++)
            {
                var key = Key(range.First + i % 8, [.. BitConverter.GetBytes(i), 1]);
                half.GetTable("counts").Put(key, BitConverter.GetBytes(i * 7919L));
                rows[Convert.ToHexString(key)] = Convert.ToHexString(BitConverter.GetBytes(i * 7919L));
            }

            var next = await _bed.TakeAsync(half, taken.Id);
            handles.Add(next.Handle!);
            last = next.Id;
        }

        await using var whole = await OpenAsync(handles, All, last);
        Rows(whole).Should().Equal(rows);
        Counts.Patched.Should().Be(2);

        // The patch is a file like others for all that comes: restored again, and cut again.
        var again = await _bed.TakeAsync(whole, last);
        await using var same = await OpenAsync([again.Handle!], All, again.Id);
        Rows(same).Should().Equal(rows);
        await using var cut = await OpenAsync([again.Handle!], new(5, 10), again.Id);
        Rows(cut).Should().Equal(RowsIn(rows, new(5, 10)));
    }

    [Fact]
    public async Task In_LeftoversOnly_AreRewrittenIntoTheLastLevel()
    {
        var (taken, rows) = await FillAsync(All, rowCount: 3000);
        var handles = new List<KeyedStateHandle>();
        foreach (var range in new[] { s_low, s_high })
        {
            await using var half = await OpenAsync([taken.Handle!], range, taken.Id, cleansUp: false);
            handles.Add((await _bed.TakeAsync(half, taken.Id)).Handle!);
        }

        _bed.Options.Rescaling = new() { RewrittenFileBytes = 4 << 10 };
        await using var whole = await OpenAsync(handles, All, new(9));
        Rows(whole).Should().Equal(rows);
        Counts.Rewritten.Should().Be(2);
        whole.Database.GetLiveFiles().Should().OnlyContain(file => file.Level == 6 && file.LargestSequence == 0)
            .And.HaveCountGreaterThan(2);
    }

    [Fact]
    public async Task In_GapBesideASource_RowsThatTheirOwnerDeletedStayDeleted()
    {
        var (taken, rows) = await FillAsync(All);
        Taken low;
        await using (var half = await OpenAsync([taken.Handle!], s_low, taken.Id, cleansUp: false))
        {
            low = await _bed.TakeAsync(half, taken.Id);
        }

        // The other half deleted all its rows, and its snapshot has no handle.
        await using var whole = await OpenAsync([low.Handle!], All, low.Id);
        Rows(whole).Should().Equal(RowsIn(rows, s_low));
    }

    [Fact]
    public async Task OpenAsync_DamagedFile_IsNamedAndNothingIsLeft()
    {
        var (taken, _) = await FillAsync(All);
        var path = _bed.FullPath(taken.Incremental.SharedFiles[0].Handle);
        FlipBit(path, 40);
        var stored = ((FileStateHandle)taken.Incremental.SharedFiles[0].Handle).Path;
        await ((Func<Task>)(() => OpenAsync([taken.Handle!], s_low, taken.Id))).Should()
            .ThrowAsync<CheckpointCorruptException>().WithMessage($"*{stored}*");
        Directory.GetFileSystemEntries(_bed.WorkingDirectory).Should().BeEmpty();
        Counts.ByRows.Should().Be(0, "damage is told, not walked around");
    }

    [Fact]
    public async Task OpenAsync_CatalogueThatLiesOfBounds_NamesTheFile()
    {
        var (low, _) = await FillAsync(s_low);
        var meta = (ByteStreamStateHandle)low.Incremental.MetaFile;
        var catalogue = CatalogueOf(low);
        var files = catalogue.Files.ToList();
        files[0] = files[0] with { File = files[0].File with { LargestKey = files[0].File.SmallestKey } };
        var lie = low.Incremental with
        {
            MetaFile = meta with
            {
                Data = ValueList.Create<byte>(CatalogueFormat.Write(catalogue with { Files = files })),
            },
        };
        var stored = ((FileStateHandle)low.Incremental.SharedFiles[0].Handle).Path;
        await ((Func<Task>)(() => OpenAsync([lie], All, low.Id))).Should()
            .ThrowAsync<CheckpointCorruptException>().WithMessage($"*{stored}*");
    }

    [Fact]
    public async Task OpenAsync_ImportRefused_FallsBackToRowsWhichTellTheFile()
    {
        // Both lists are right as they stand alone; one lies about its bounds, so only RocksDB sees that they overlap.
        var (low, _) = await FillAsync(new(0, 9), rowCount: 400, level: 6);
        var (high, _) = await FillAsync(s_high, rowCount: 400, level: 6);
        var catalogue = CatalogueOf(low);
        var lie = low.Incremental with
        {
            Range = s_low,
            MetaFile = ((ByteStreamStateHandle)low.Incremental.MetaFile) with
            {
                Data = ValueList.Create<byte>(CatalogueFormat.Write(catalogue with
                {
                    Range = s_low,
                    Files = [.. catalogue.Files.Select(
                        file => file with { File = file.File with { LargestKey = Key(7, [1]) } })],
                })),
            },
        };
        await ((Func<Task>)(() => OpenAsync([lie, high.Handle!], All, high.Id))).Should()
            .ThrowAsync<CheckpointCorruptException>().WithMessage(
                $"*{((FileStateHandle)low.Incremental.SharedFiles[0].Handle).Path}*");
        Counts.Refused.Should().Be(1);
    }

    [Fact]
    public async Task OpenAsync_EveryWay_IsLoggedWithItsReason()
    {
        var (taken, _) = await FillAsync(All);
        var log = new LogRecorder();
        Taken low;
        await using (var half = await OpenLoggedAsync([taken.Handle!], s_low, log))
        {
            log.Messages.Should().ContainSingle().Which.Should().Contain("2 files as they are")
                .And.Contain("no file reaches into another source's key groups");
            low = await _bed.TakeAsync(half, taken.Id);
        }

        log.Messages.Clear();
        await using (await OpenLoggedAsync([low.Handle!], All, log))
        {
            log.Messages.Should().ContainSingle().Which.Should().Contain("1 parts written anew")
                .And.Contain("Rewrite").And.Contain("2 files reach out");
        }

        log.Messages.Clear();
        _bed.Options.Rescaling = new() { MayImport = false };
        await using (await OpenLoggedAsync([low.Handle!], All, log))
        {
            log.Messages.Should().ContainSingle().Which.Should().Contain("one by one, because importing is switched");
        }
    }

    private static void Change(KeyedStateBackend backend, byte[] key, int index, Dictionary<string, string> rows)
    {
        var name = Convert.ToHexString(key);
        switch (index % 4)
        {
            case 0:
                backend.GetTable("counts").Append(key, [0xAA]);
                rows[name] += "AA";
                break;
            case 1:
                backend.GetTable("counts").Delete(key);
                rows.Remove(name);
                break;
            case 2:
                backend.GetTable("counts").Put(key, [0xBB]);
                rows[name] = "BB";
                break;
            default:
                break;
        }
    }

    private static Dictionary<string, string> RowsIn(Dictionary<string, string> rows, KeyGroupRange range) => rows
        .Where(row => range.Contains(KeyedRowKey.ReadKeyGroup(Convert.FromHexString(row.Key)))).ToDictionary();

    private static Catalogue CatalogueOf(Taken taken) => CatalogueReader.Read(
        [.. ((ByteStreamStateHandle)taken.Incremental.MetaFile).Data.Items], "catalogue");

    private async Task<RocksDbKeyedStateBackend> OpenAsync(
        IReadOnlyList<KeyedStateHandle> handles, KeyGroupRange range, CheckpointId restored, bool cleansUp = true,
        bool isForeign = false)
    {
        _bed.Options.CleansUp = cleansUp;
        return (RocksDbKeyedStateBackend)await new RocksDbBackendFactory(_bed.Options).OpenAsync(
            _bed.Context(handles, range, restoredCheckpoint: restored, isForeign: isForeign), default);
    }

    private ValueTask<KeyedStateBackend> OpenLoggedAsync(
        IReadOnlyList<KeyedStateHandle> handles, KeyGroupRange range, LogRecorder log)
    {
        _bed.Options.CleansUp = false;
        return new RocksDbBackendFactory(_bed.Options).OpenAsync(
            _bed.Context(handles, range, restoredCheckpoint: new(1)) with { Logger = log }, default);
    }

    /// <summary>A snapshot whose files reach over all key groups of the range.</summary>
    private async Task<(Taken Taken, Dictionary<string, string> Rows)> FillAsync(
        KeyGroupRange range, int rowCount = 600, int level = 0)
    {
        await using var backend = (RocksDbKeyedStateBackend)await _bed.OpenAsync(range: range);
        for (var i = 0; i < rowCount; i++)
        {
            var key = Key(range.First + i % range.Count, BitConverter.GetBytes(i * 31));
            backend.GetTable("counts").Append(key, BitConverter.GetBytes(i));
            if (i == rowCount / 2)
            {
                backend.Database.Flush(backend.ColumnFamilies);
            }
        }

        if (level > 0)
        {
            backend.Database.Compact(backend.ColumnFamilies[0]);
        }

        return (await _bed.TakeAsync(backend), Rows(backend));
    }

    private sealed class LogRecorder : ILogger
    {
        public List<string> Messages { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) => Messages.Add(formatter(state, exception));
    }
}
