using Checkpointing.State;
using Checkpointing.State.Heap;
using Checkpointing.StateHandles;
using static Checkpointing.RocksDb.Tests.RocksDbTestBed;

namespace Checkpointing.RocksDb.Tests.Snapshots;

public sealed class FullSnapshotTests : IDisposable
{
    private readonly RocksDbTestBed _bed = new(RocksDbSnapshotMode.Full);

    public void Dispose() => _bed.Dispose();

    [Theory]
    [InlineData(CheckpointKind.Checkpoint)]
    [InlineData(CheckpointKind.FullCheckpoint)]
    [InlineData(CheckpointKind.Savepoint)]
    public async Task WriteAsync_ModeFull_RestoresIntoRocksDbAndHeap(CheckpointKind kind)
    {
        await using var backend = await _bed.OpenAsync(states: ["counts", "other"]);
        Put(backend, "a", "1");
        Append(backend, "a", "x", "other");
        Append(backend, "a", "y", "other");
        var taken = await _bed.TakeAsync(backend, kind: kind);

        taken.Result.Handle.Should().BeOfType<KeyGroupsStateHandle>();
        foreach (var factory in new IKeyedStateBackendFactory[] { _bed.Factory, new HeapBackendFactory() })
        {
            await using var restored = await factory.OpenAsync(
                _bed.Context([taken.Handle!], states: ["counts", "other"]), default);
            Get(restored, "a").Should().Be("1");
            Get(restored, "a", "other").Should().Be("xy");
            restored.RestoredStates.Should().HaveCount(2);
        }
    }

    [Fact]
    public async Task WriteAsync_SavepointOfIncrementalBackend_IsRelativeAndNoBase()
    {
        using var bed = new RocksDbTestBed();
        await using var backend = await bed.OpenAsync();
        Put(backend, "a", "1");
        var first = await bed.TakeAsync(backend);
        var savepoint = await bed.TakeAsync(backend, first.Id, CheckpointKind.Savepoint);
        var next = await bed.TakeAsync(backend, first.Id);

        ((KeyGroupsStateHandle)savepoint.Result.Handle!).Stream.Should().BeOfType<RelativeFileStateHandle>();
        next.Sent.SharedFiles[0].Handle.Should().BeOfType<PlaceholderStateHandle>("a savepoint does not end the base");
        bed.StoredFiles().Should().HaveCount(1, "a savepoint shares nothing");
    }

    [Fact]
    public async Task WriteAsync_NoRows_GivesNoHandle()
    {
        await using var backend = await _bed.OpenAsync();
        Put(backend, "a", "1");
        backend.GetTable("counts").Delete(Key("a"));
        (await _bed.TakeAsync(backend)).Result.Handle.Should().BeNull();
        _bed.StoredFiles("job").Should().BeEmpty();
    }

    [Fact]
    public async Task WriteAsync_BackendWrittenAndDisposedMeanwhile_HasTheCut()
    {
        var backend = await _bed.OpenAsync();
        for (var i = 0; i < 20_000; i++)
        {
            Put(backend, $"{i}", "before");
        }

        var request = _bed.Request();
        var snapshot = backend.PrepareSnapshot(request);
        for (var i = 0; i < 20_000; i += 2)
        {
            Put(backend, $"{i}", "after");
        }

        var writing = snapshot.WriteAsync(default).AsTask();
        await backend.DisposeAsync();
        var result = await writing;
        await snapshot.DisposeAsync();

        Directory.GetFileSystemEntries(_bed.WorkingDirectory).Should().BeEmpty();
        await using var restored = await _bed.OpenAsync([result.Handle!]);
        var rows = Rows(restored);
        rows.Should().HaveCount(20_000);
        rows.Values.Distinct().Should().Equal(Convert.ToHexString("before"u8));
    }

    [Fact]
    public async Task WriteAsync_Cancelled_LeavesNothing()
    {
        await using var backend = await _bed.OpenAsync();
        for (var i = 0; i < 2_000; i++)
        {
            Put(backend, $"{i}", new string('x', 1_000));
        }

        using var cancelled = new CancellationTokenSource();
        await using (var snapshot = backend.PrepareSnapshot(_bed.Request()))
        {
            await cancelled.CancelAsync();
            await ((Func<Task>)(async () => await snapshot.WriteAsync(cancelled.Token)))
                .Should().ThrowAsync<OperationCanceledException>();
        }

        _bed.StoredFiles("job").Should().BeEmpty();
    }

    [Fact]
    public async Task OpenAsync_FlippedBitAnywhere_IsReported()
    {
        await using var backend = await _bed.OpenAsync();
        for (var i = 0; i < 100; i++)
        {
            Put(backend, $"{i}", $"{i}");
        }

        var taken = await _bed.TakeAsync(backend);
        var path = _bed.FullPath(((KeyGroupsStateHandle)taken.Handle!).Stream);
        var length = new FileInfo(path).Length;
        for (var offset = 0L; offset < length; offset += 211)
        {
            FlipBit(path, offset);
            await ((Func<Task>)(async () => await _bed.OpenAsync([taken.Handle!])))
                .Should().ThrowAsync<CheckpointCorruptException>();
            FlipBit(path, offset);
        }
    }
}
