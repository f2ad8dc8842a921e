using Checkpointing.KeyGroups;
using Checkpointing.State;
using Checkpointing.State.Heap;
using Checkpointing.StateHandles;
using static Checkpointing.RocksDb.Tests.RocksDbTestBed;

namespace Checkpointing.RocksDb.Tests.Restore;

public sealed class RowRestoreTests
{
    [Theory]
    [InlineData(1, 3, RocksDbSnapshotMode.Incremental)]
    [InlineData(3, 2, RocksDbSnapshotMode.Incremental)]
    [InlineData(2, 4, RocksDbSnapshotMode.Incremental)]
    [InlineData(4, 1, RocksDbSnapshotMode.Incremental)]
    [InlineData(3, 2, RocksDbSnapshotMode.Full)]
    public async Task OpenAsync_Rescaled_EveryRowIsInExactlyOnePart(int before, int after, RocksDbSnapshotMode mode)
    {
        using var bed = new RocksDbTestBed(mode, mayImport: false);
        var (handles, rows) = await FillAsync(bed, before);
        var found = new Dictionary<string, string>();
        for (var subtask = 0; subtask < after; subtask++)
        {
            var range = KeyGroupAssignment.RangeOf(subtask, after, MaxParallelism);
            var mine = handles.Where(handle => handle.KeyGroups.Overlaps(range)).ToList();
            await using var backend = await bed.OpenAsync(mine, range, restoredCheckpoint: new(1));
            backend.RestoredStates.Should().ContainSingle();
            foreach (var (key, value) in Rows(backend))
            {
                found.Add(key, value);
                range.Contains(KeyedRowKey.ReadKeyGroup(Convert.FromHexString(key))).Should().BeTrue();
            }

            // A new id, and nothing of the old files is used again.
            var next = await bed.TakeAsync(backend, new CheckpointId(1));
            if (next.Handle is IncrementalKeyedStateHandle incremental)
            {
                mine.Should().NotContain(
                    handle => ((IncrementalKeyedStateHandle)handle).BackendId == incremental.BackendId);
                next.Result.Cost.ReusedFiles.Should().Be(0);
            }
        }

        found.Should().Equal(rows);
    }

    [Fact]
    public async Task OpenAsync_FullAndIncrementalMixed_HasAllRows()
    {
        using var bed = new RocksDbTestBed();
        var low = new KeyGroupRange(0, 7);
        var high = new KeyGroupRange(8, 15);
        await using var heap = await new HeapBackendFactory().OpenAsync(bed.Context(range: low), default);
        await using var rocks = await bed.OpenAsync(range: high);
        for (var i = 0; i < 50; i++)
        {
            var key = Key($"{i}");
            (low.Contains(KeyedRowKey.ReadKeyGroup(key)) ? heap : rocks).GetTable("counts").Put(key, "v"u8);
        }

        var handles = new List<KeyedStateHandle>
        {
            (await bed.TakeAsync(heap)).Handle!,
            (await bed.TakeAsync(rocks)).Handle!,
        };
        await using var restored = await bed.OpenAsync(handles);
        Rows(restored).Should().HaveCount(50);
    }

    [Fact]
    public async Task OpenAsync_RescaledWithDamage_NamesTheFile()
    {
        using var bed = new RocksDbTestBed(mayImport: false);
        var (handles, _) = await FillAsync(bed, 1);
        var file = ((IncrementalKeyedStateHandle)handles[0]).SharedFiles[0];
        FlipBit(bed.FullPath(file.Handle), 100);
        var thrown = await ((Func<Task>)(async () => await bed.OpenAsync(handles, new KeyGroupRange(0, 7))))
            .Should().ThrowAsync<CheckpointCorruptException>();
        thrown.WithMessage($"*{((FileStateHandle)file.Handle).Path}*");
        Directory.GetFileSystemEntries(bed.WorkingDirectory).Should().BeEmpty();
    }

    [Fact]
    public async Task OpenAsync_UndeclaredStateRescaled_IsLeftOutButListed()
    {
        using var bed = new RocksDbTestBed(mayImport: false);
        await using var before = await bed.OpenAsync(states: ["counts", "gone"]);
        Put(before, "a", "1");
        Put(before, "a", "2", "gone");
        var incremental = await bed.TakeAsync(before);
        var savepoint = await bed.TakeAsync(before, kind: CheckpointKind.Savepoint);
        var range = new KeyGroupRange(0, 14);
        foreach (var handle in new[] { incremental.Handle!, savepoint.Handle! })
        {
            await using var backend = await bed.OpenAsync([handle], range);
            backend.RestoredStates.Select(state => state.Name).Should().Equal("counts", "gone");
            Rows(backend).Should().HaveCount(Rows(before).Count(
                row => range.Contains(KeyedRowKey.ReadKeyGroup(Convert.FromHexString(row.Key)))));
        }
    }

    [Fact]
    public async Task OpenAsync_UnknownHandle_IsRefused()
    {
        using var bed = new RocksDbTestBed();
        await ((Func<Task>)(async () => await bed.OpenAsync([new UnknownHandle()])))
            .Should().ThrowAsync<UnsupportedFormatException>().WithMessage("*UnknownHandle*");
    }

    private static async Task<(List<KeyedStateHandle> Handles, Dictionary<string, string> Rows)> FillAsync(
        RocksDbTestBed bed, int parallelism)
    {
        var handles = new List<KeyedStateHandle>();
        var rows = new Dictionary<string, string>();
        for (var subtask = 0; subtask < parallelism; subtask++)
        {
            var range = KeyGroupAssignment.RangeOf(subtask, parallelism, MaxParallelism);
            await using var backend = await bed.OpenAsync(range: range);
            Taken? taken = null;
            for (var round = 0; round < 3; round++)
            {
                for (var i = 0; i < 300; i += round + 1)
                {
                    if (range.Contains(KeyedRowKey.ReadKeyGroup(Key($"{i}"))))
                    {
                        Append(backend, $"{i}", $"{round}");
                        if (i % 7 == round)
                        {
                            backend.GetTable("counts").Delete(Key($"{i}"));
                        }
                    }
                }

                taken = await bed.TakeAsync(backend, taken?.Id);
            }

            handles.Add(taken!.Handle!);
            foreach (var (key, value) in Rows(backend))
            {
                rows.Add(key, value);
            }
        }

        return (handles, rows);
    }

    private sealed record UnknownHandle : KeyedStateHandle
    {
        public override KeyGroupRange KeyGroups => All;

        public override long SizeBytes => 0;
    }
}
