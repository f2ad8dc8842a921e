using System.Diagnostics;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Storage;
using static Checkpointing.RocksDb.Tests.RocksDbTestBed;

namespace Checkpointing.RocksDb.Tests.Snapshots;

public sealed class IncrementalSnapshotTests : IDisposable
{
    private readonly RocksDbTestBed _bed = new();

    public void Dispose() => _bed.Dispose();

    [Fact]
    public async Task WriteAsync_NoState_GivesNoHandle()
    {
        await using var backend = await _bed.OpenAsync();
        var taken = await _bed.TakeAsync(backend);
        taken.Result.Handle.Should().BeNull();
        taken.Result.Cost.Should().Be(default(SnapshotCost));
        _bed.StoredFiles("job").Should().BeEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WriteAsync_SecondCheckpoint_SendsOnlyNewFiles(bool isStorageLocal)
    {
        using var bed = new RocksDbTestBed(isStorageLocal: isStorageLocal);
        await using var backend = await bed.OpenAsync();
        Put(backend, "a", "1");
        var first = await bed.TakeAsync(backend);
        Put(backend, "b", "2");
        var second = await bed.TakeAsync(backend, first.Id);

        first.Sent.SharedFiles.Should().ContainSingle().Which.Handle.Should().BeOfType<FileStateHandle>();
        second.Sent.SharedFiles.Select(file => file.Handle.GetType())
            .Should().BeEquivalentTo([typeof(PlaceholderStateHandle), typeof(FileStateHandle)]);
        var placeholder = second.Sent.SharedFiles.Select(file => file.Handle).OfType<PlaceholderStateHandle>().Single();
        placeholder.Key.Should().Be(first.Sent.KeyOf(first.Sent.SharedFiles[0]));
        second.Result.Cost.ReusedFiles.Should().Be(1);
        second.Result.Cost.ReusedBytes.Should().Be(placeholder.FileSizeBytes);
        second.Result.Cost.NewFiles.Should().Be(1);
        second.Sent.CheckpointedSizeBytes.Should().Be(second.Result.Cost.NewBytes);
        second.Result.GivenUp.Should().BeEmpty();
        bed.StoredFiles().Should().HaveCount(2);
    }

    [Fact]
    public async Task WriteAsync_StoredFile_HasTheDigestAndTheKeyOfItsPath()
    {
        await using var backend = await _bed.OpenAsync();
        Put(backend, "a", "1");
        var taken = await _bed.TakeAsync(backend);
        var file = (FileStateHandle)taken.Sent.SharedFiles[0].Handle;
        var bytes = await File.ReadAllBytesAsync(_bed.FullPath(file), TestContext.Current.CancellationToken);

        file.Digest.Should().Be(ContentDigest.Of(bytes));
        file.FileSizeBytes.Should().Be(bytes.Length);
        SharedStateKey.TryParse(file.Path, out var key).Should().BeTrue();
        key.BackendId.Should().Be(backend.BackendId);
        key.Range.Should().Be(All);
    }

    [Fact]
    public async Task WriteAsync_SameVolume_StoresByLink()
    {
        await using var backend = await _bed.OpenAsync();
        Put(backend, "a", "1");
        await using var snapshot = backend.PrepareSnapshot(_bed.Request());
        var result = await snapshot.WriteAsync(default);
        var stored = _bed.FullPath(((IncrementalKeyedStateHandle)result.Handle!).SharedFiles[0].Handle);
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Link counts are read with Linux's stat.");
        using var stat = Process.Start(
            new ProcessStartInfo("stat", ["-c", "%h", stored]) { RedirectStandardOutput = true })!;
        var output = await stat.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        output.Trim().Should().Be("3", "the database, the pin and the storage have one file");
    }

    [Fact]
    public async Task WriteAsync_AfterAbort_UsesFinishedUploadsAgainInFull()
    {
        await using var backend = await _bed.OpenAsync();
        Put(backend, "a", "1");
        var aborted = await _bed.TakeAsync(backend, isConfirmed: false);
        backend.NotifyAborted(aborted.Id);
        Put(backend, "b", "2");
        var next = await _bed.TakeAsync(backend, baseId: null);

        next.Sent.SharedFiles.Select(file => file.Handle).Should().AllBeOfType<FileStateHandle>()
            .And.Contain(aborted.Sent.SharedFiles[0].Handle);
        next.Result.Cost.ReusedFiles.Should().Be(1);
        _bed.StoredFiles().Should().HaveCount(2);
    }

    [Fact]
    public async Task WriteAsync_AbortedAsBase_IsNoBase()
    {
        await using var backend = await _bed.OpenAsync();
        Put(backend, "a", "1");
        var aborted = await _bed.TakeAsync(backend, isConfirmed: false);
        backend.NotifyAborted(aborted.Id);
        var next = await _bed.TakeAsync(backend, aborted.Id);
        next.Sent.SharedFiles[0].Handle.Should().BeOfType<FileStateHandle>();
    }

    [Fact]
    public async Task WriteAsync_BaseNamedButNeverNotified_IsUsed()
    {
        await using var backend = await _bed.OpenAsync();
        Put(backend, "a", "1");
        var first = await _bed.TakeAsync(backend, isConfirmed: false);
        var second = await _bed.TakeAsync(backend, first.Id);
        second.Sent.SharedFiles[0].Handle.Should().BeOfType<PlaceholderStateHandle>();
    }

    [Fact]
    public async Task WriteAsync_UnknownBase_SendsFullHandles()
    {
        await using var backend = await _bed.OpenAsync();
        Put(backend, "a", "1");
        var first = await _bed.TakeAsync(backend);
        var second = await _bed.TakeAsync(backend, new CheckpointId(first.Id.Value + 100));
        second.Sent.SharedFiles[0].Handle.Should().Be(first.Sent.SharedFiles[0].Handle);
    }

    [Fact]
    public async Task WriteAsync_FullCheckpoint_StoresEveryFileAnewAndIsABase()
    {
        await using var backend = await _bed.OpenAsync();
        Put(backend, "a", "1");
        var first = await _bed.TakeAsync(backend);
        var full = await _bed.TakeAsync(backend, first.Id, CheckpointKind.FullCheckpoint);
        var third = await _bed.TakeAsync(backend, full.Id);

        var firstFile = (FileStateHandle)first.Sent.SharedFiles[0].Handle;
        var fullFile = full.Sent.SharedFiles[0].Handle.Should().BeOfType<FileStateHandle>().Subject;
        fullFile.Path.Should().NotBe(firstFile.Path);
        full.Result.Cost.ReusedFiles.Should().Be(0);
        third.Sent.SharedFiles[0].Handle.Should().BeOfType<PlaceholderStateHandle>()
            .Which.Key.Should().Be(full.Sent.KeyOf(full.Sent.SharedFiles[0]));
        third.Result.GivenUp.Should().Equal(first.Sent.KeyOf(first.Sent.SharedFiles[0]));
    }

    [Fact]
    public async Task WriteAsync_CompactedFiles_AreGivenUpOnceWhenNoCheckpointNeedsThem()
    {
        await using var backend = await _bed.OpenAsync();
        var taken = new List<Taken>();
        var givenUp = new List<SharedStateKey>();
        for (var i = 0; i < 12; i++)
        {
            Put(backend, "a", $"{i}");
            Put(backend, $"{i}", "x");
            taken.Add(await _bed.TakeAsync(backend, taken.LastOrDefault()?.Id));
            givenUp.AddRange(taken[^1].Result.GivenUp);
        }

        // Level 0 compacts at four files: of twelve uploads most are replaced by then.
        var last = taken[^1].Incremental;
        givenUp.Should().OnlyHaveUniqueItems().And.NotBeEmpty();
        givenUp.Should().NotIntersectWith(last.SharedFiles.Select(last.KeyOf));
        var previous = taken[^2].Incremental;
        taken[^1].Result.GivenUp.Should().NotIntersectWith(
            previous.SharedFiles.Select(previous.KeyOf), "the base before was still held when this one was prepared");
    }

    [Fact]
    public async Task WriteAsync_ManyFiles_StoresTheCatalogueAsAFileOfItsOwn()
    {
        var states = Enumerable.Range(0, 80).Select(i => $"state-with-a-long-name-{i}").ToArray();
        await using var backend = await _bed.OpenAsync(states: states);
        foreach (var state in states)
        {
            Put(backend, "a", "1", state);
        }

        var taken = await _bed.TakeAsync(backend);
        var meta = taken.Sent.MetaFile.Should().BeOfType<FileStateHandle>().Subject;
        meta.Path.Should().StartWith("job/chk-");
        await using var restored = await _bed.OpenAsync([taken.Handle!], states: states, restoredCheckpoint: taken.Id);
        Get(restored, "a", states[42]).Should().Be("1");
    }

    [Fact]
    public async Task DisposeAsync_Unwritten_LeavesNothing()
    {
        await using var backend = await _bed.OpenAsync();
        Put(backend, "a", "1");
        var snapshot = backend.PrepareSnapshot(_bed.Request());
        await snapshot.DisposeAsync();
        await snapshot.DisposeAsync();

        Directory.GetDirectories(_bed.WorkingDirectory, "pins-*", SearchOption.AllDirectories).Should().BeEmpty();
        _bed.StoredFiles("job").Should().BeEmpty();
        await ((Func<Task>)(async () => await snapshot.WriteAsync(default))).Should()
            .ThrowAsync<ObjectDisposedException>();
    }

    [Fact]
    public async Task WriteAsync_CancelledHalfway_KeepsFinishedUploadsForTheNext()
    {
        _bed.Options.TransferParallelism = 1;
        await using var backend = await new RocksDbBackendFactory(_bed.Options).OpenAsync(
            _bed.Context(states: ["a", "b", "c"]) with { Storage = new FailingStorage(_bed.Storage, failAfter: 2) },
                default);
        foreach (var state in new[] { "a", "b", "c" })
        {
            Put(backend, "k", state, state);
        }

        var request = _bed.Request();
        await using (var snapshot = backend.PrepareSnapshot(request))
        {
            await ((Func<Task>)(async () => await snapshot.WriteAsync(default)))
                .Should().ThrowAsync<CheckpointStorageUnavailableException>();
        }

        backend.NotifyAborted(request.CheckpointId);
        var next = await _bed.TakeAsync(backend);
        next.Result.Cost.ReusedFiles.Should().Be(2, "two uploads were finished");
        next.Result.Cost.NewFiles.Should().Be(1);
    }

    [Fact]
    public async Task WriteAsync_BackendDisposedMeanwhile_StillWrites()
    {
        var backend = await _bed.OpenAsync();
        Put(backend, "a", "1");
        var request = _bed.Request();
        var snapshot = backend.PrepareSnapshot(request);
        await backend.DisposeAsync();

        var result = await snapshot.WriteAsync(default);
        await snapshot.DisposeAsync();

        Directory.GetFileSystemEntries(_bed.WorkingDirectory).Should().BeEmpty("the last user removes the folder");
        await using var restored = await _bed.OpenAsync(
            [_bed.Resolve(result.Handle, request)!], restoredCheckpoint: request.CheckpointId);
        Get(restored, "a").Should().Be("1");
    }

    [Fact]
    public async Task PrepareSnapshot_WritesAfterIt_AreNotInIt()
    {
        await using var backend = await _bed.OpenAsync();
        Put(backend, "a", "1");
        var request = _bed.Request();
        await using var snapshot = backend.PrepareSnapshot(request);
        Put(backend, "a", "2");
        Put(backend, "b", "2");
        var result = await snapshot.WriteAsync(default);

        await using var restored = await _bed.OpenAsync([_bed.Resolve(result.Handle, request)!]);
        Rows(restored).Should().ContainSingle();
        Get(restored, "a").Should().Be("1");
    }

    [Fact]
    public async Task WriteAsync_Concurrently_AllRestore()
    {
        await using var backend = await _bed.OpenAsync();
        var snapshots = new List<(KeyedStateSnapshot Snapshot, SnapshotRequest Request)>();
        for (var i = 0; i < 5; i++)
        {
            Put(backend, "a", $"{i}");
            var request = _bed.Request();
            snapshots.Add((backend.PrepareSnapshot(request), request));
        }

        var results = await Task.WhenAll(snapshots.Select(async pair => await pair.Snapshot.WriteAsync(default)));
        for (var i = 0; i < 5; i++)
        {
            await using var restored = await _bed.OpenAsync([_bed.Resolve(results[i].Handle, snapshots[i].Request)!]);
            Get(restored, "a").Should().Be($"{i}");
            await snapshots[i].Snapshot.DisposeAsync();
        }
    }
}
