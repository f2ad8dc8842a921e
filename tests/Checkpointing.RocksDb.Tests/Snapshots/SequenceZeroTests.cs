using Checkpointing.RocksDb.Native;
using Checkpointing.State;
using static Checkpointing.RocksDb.Tests.RocksDbTestBed;

namespace Checkpointing.RocksDb.Tests.Snapshots;

/// <summary>All rows of a restored database may have sequence number 0: compaction to the last level takes the numbers
/// away. A view at 0 is none to RocksDB's compactions, so they dropped rows that a snapshot was about to
/// read.</summary>
public sealed class SequenceZeroTests : IDisposable
{
    private readonly RocksDbTestBed _bed = new();
    private CheckpointId _restored;

    public void Dispose() => _bed.Dispose();

    [Theory]
    [InlineData(CheckpointKind.Checkpoint)]
    [InlineData(CheckpointKind.Savepoint)]
    public async Task WriteAsync_RowsAtZeroAreChangedAndCompactedMeanwhile_HasTheCut(CheckpointKind kind)
    {
        await using var backend = await OpenAtZeroAsync();
        var request = _bed.Request(kind: kind);
        await using var snapshot = backend.PrepareSnapshot(request);
        backend.GetTable("counts").Delete(Key("deleted"));
        Put(backend, "replaced", "after");
        Append(backend, "appended", "+after");
        Compact(backend);
        var result = await snapshot.WriteAsync(default);

        await using var restored = await _bed.OpenAsync([_bed.Resolve(result.Handle, request)!]);
        Get(restored, "deleted").Should().Be("before");
        Get(restored, "replaced").Should().Be("before");
        Get(restored, "appended").Should().Be("before");
        Rows(restored).Should().HaveCount(3);
        Rows(backend).Should().HaveCount(2);
        Get(backend, "appended").Should().Be("before+after");
    }

    [Fact]
    public async Task TakeAsync_RowsAtZeroAreNotChanged_UsesTheirFilesAgainAndStoresNothing()
    {
        await using var backend = await OpenAtZeroAsync();
        var next = await _bed.TakeAsync(backend, _restored);
        next.Result.Cost.ReusedFiles.Should().Be(1);
        next.Sent.SharedFiles.Items.Length.Should().Be(1);
    }

    [Fact]
    public async Task PrepareSnapshot_NothingWrittenEver_StoresNothing()
    {
        await using var backend = await _bed.OpenAsync();
        (await _bed.TakeAsync(backend)).Result.Handle.Should().BeNull();
        Database(backend).LatestSequence.Should().Be(0);
    }

    private static RocksDatabase Database(KeyedStateBackend backend) =>
        ((RocksDbKeyedStateBackend)backend).Scope.Database;

    private static void Compact(KeyedStateBackend backend)
    {
        var families = ((RocksDbKeyedStateBackend)backend).ColumnFamilies;
        Database(backend).Flush(families);
        Database(backend).Compact(families[0]);
    }

    private async Task<KeyedStateBackend> OpenAtZeroAsync()
    {
        Taken taken;
        await using (var first = await _bed.OpenAsync())
        {
            // Two files that overlap: a single one would be moved to the last level as it is.
            foreach (var value in new[] { "earlier", "before" })
            {
                foreach (var key in new[] { "deleted", "replaced", "appended" })
                {
                    Put(first, key, value);
                }

                Database(first).Flush(((RocksDbKeyedStateBackend)first).ColumnFamilies);
            }

            Compact(first);
            taken = await _bed.TakeAsync(first);
        }

        var backend = await _bed.OpenAsync([taken.Handle!], restoredCheckpoint: taken.Id);
        Database(backend).GetLiveFiles().Should().OnlyContain(
            static file => file.LargestSequence == 0, "else this tests nothing");
        _restored = taken.Id;
        return backend;
    }
}
