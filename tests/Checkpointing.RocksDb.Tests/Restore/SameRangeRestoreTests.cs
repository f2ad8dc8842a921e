using Checkpointing.StateHandles;
using static Checkpointing.RocksDb.Tests.RocksDbTestBed;

namespace Checkpointing.RocksDb.Tests.Restore;

public sealed class SameRangeRestoreTests : IDisposable
{
    private readonly RocksDbTestBed _bed = new();

    public void Dispose() => _bed.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task OpenAsync_SameRange_HasRowsAndGoesOnIncrementally(bool isStorageLocal)
    {
        using var bed = new RocksDbTestBed(isStorageLocal: isStorageLocal);

        // With the new one fewer files than RocksDB compacts: a compaction would rightly leave nothing to use again.
        var (taken, rows, oldId) = await FillAsync(bed, checkpointCount: 2);
        await using var backend = await bed.OpenAsync([taken.Handle!], restoredCheckpoint: taken.Id);

        Rows(backend).Should().Equal(rows);
        backend.BackendId.Should().Be(oldId);
        backend.RestoredStates.Should().Equal(RocksDbTestBed.State());

        Put(backend, "new", "row");
        var next = await bed.TakeAsync(backend, taken.Id);
        var placeholders = next.Sent.SharedFiles.Select(file => file.Handle).OfType<PlaceholderStateHandle>().ToList();
        placeholders.Select(placeholder => placeholder.Key)
            .Should().BeEquivalentTo(taken.Incremental.SharedFiles.Select(taken.Incremental.KeyOf));
        next.Result.Cost.NewFiles.Should().Be(1);
        next.Result.Cost.ReusedFiles.Should().Be(taken.Incremental.SharedFiles.Count);
    }

    [Fact]
    public async Task OpenAsync_Chain_StaysExactOverManyRestores()
    {
        var (taken, _, _) = await FillAsync(_bed, checkpointCount: 1);
        for (var generation = 0; generation < 6; generation++)
        {
            await using var backend = await _bed.OpenAsync([taken.Handle!], restoredCheckpoint: taken.Id);
            Append(backend, "list", $"{generation}");
            Put(backend, "last", $"{generation}");
            taken = await _bed.TakeAsync(backend, taken.Id);
        }

        await using var restored = await _bed.OpenAsync([taken.Handle!], restoredCheckpoint: taken.Id);
        Get(restored, "list").Should().Be("012345");
        Get(restored, "last").Should().Be("5");
    }

    [Fact]
    public async Task OpenAsync_TwoBranchesOfOneCheckpoint_NeverShareANameForOtherBytes()
    {
        var (taken, _, _) = await FillAsync(_bed, checkpointCount: 2);
        var branches = new List<Taken>();
        foreach (var value in new[] { "left", "right" })
        {
            await using var backend = await _bed.OpenAsync([taken.Handle!], restoredCheckpoint: taken.Id);
            Put(backend, "who", value);
            branches.Add(await _bed.TakeAsync(backend, taken.Id));
        }

        // RocksDB gives both branches' new file the same name; the stored ones differ.
        var newFiles = branches.ConvertAll(
            branch => branch.Sent.SharedFiles.Single(file => file.Handle is FileStateHandle));
        newFiles[0].LocalName.Should().Be(newFiles[1].LocalName, "this is the case that the test is about");
        newFiles[0].Handle.Should().NotBe(newFiles[1].Handle);
        foreach (var (branch, value) in branches.Zip(["left", "right"]))
        {
            await using var backend = await _bed.OpenAsync([branch.Handle!], restoredCheckpoint: branch.Id);
            Get(backend, "who").Should().Be(value);
        }
    }

    [Fact]
    public async Task OpenAsync_Foreign_FirstSnapshotCopiesWithinTheStorage()
    {
        var (taken, rows, oldId) = await FillAsync(_bed, checkpointCount: 3);
        await using var backend = await _bed.OpenAsync([taken.Handle!], restoredCheckpoint: taken.Id, isForeign: true);
        backend.BackendId.Should().Be(oldId);

        var first = await _bed.TakeAsync(backend, baseId: taken.Id);
        first.Sent.SharedFiles.Select(file => file.Handle).Should().AllBeOfType<FileStateHandle>();
        var ownPaths = first.Sent.SharedFiles.Select(file => ((FileStateHandle)file.Handle).Path).ToList();
        ownPaths.Should().NotIntersectWith(
            taken.Incremental.SharedFiles.Select(file => ((FileStateHandle)file.Handle).Path));
        first.Result.Cost.NewFiles.Should().Be(0, "nothing went through the process");
        first.Result.Cost.ReusedFiles.Should().Be(ownPaths.Count);
        var second = await _bed.TakeAsync(backend, first.Id);
        second.Sent.SharedFiles.Select(file => file.Handle).Should().AllBeOfType<PlaceholderStateHandle>();

        // The other job's files may go now.
        foreach (var file in taken.Incremental.SharedFiles)
        {
            File.Delete(_bed.FullPath(file.Handle));
        }

        await using var restored = await _bed.OpenAsync([second.Handle!], restoredCheckpoint: second.Id);
        Rows(restored).Should().Equal(rows);
    }

    [Fact]
    public async Task OpenAsync_ForeignAndFirstSnapshotAborted_CopiesAreUsedAgain()
    {
        var (taken, _, _) = await FillAsync(_bed, checkpointCount: 2);
        await using var backend = await _bed.OpenAsync([taken.Handle!], restoredCheckpoint: taken.Id, isForeign: true);
        var aborted = await _bed.TakeAsync(backend, isConfirmed: false);
        backend.NotifyAborted(aborted.Id);
        var next = await _bed.TakeAsync(backend);
        next.Sent.SharedFiles.Should().Equal(aborted.Sent.SharedFiles);
    }

    [Fact]
    public async Task OpenAsync_UndeclaredState_IsLeftOutButListed()
    {
        await using var before = await _bed.OpenAsync(states: ["counts", "gone"]);
        Put(before, "a", "1");
        Put(before, "a", "2", "gone");
        var taken = await _bed.TakeAsync(before);

        await using var backend = await _bed.OpenAsync(
            [taken.Handle!], states: ["counts", "fresh"], restoredCheckpoint: taken.Id);
        backend.RestoredStates.Select(state => state.Name).Should().Equal("counts", "gone");
        Get(backend, "a").Should().Be("1");
        Rows(backend, "fresh").Should().BeEmpty();
        ((Action)(() => backend.GetTable("gone"))).Should().Throw<InvalidOperationException>().WithMessage("*'gone'*");
        var next = await _bed.TakeAsync(backend, taken.Id);
        next.Sent.SharedFiles.Should().ContainSingle().Which.Handle.Should().BeOfType<PlaceholderStateHandle>();
    }

    [Fact]
    public async Task OpenAsync_FlippedBitInAnyFile_NamesTheFile()
    {
        var (taken, _, _) = await FillAsync(_bed, checkpointCount: 3);
        foreach (var file in taken.Incremental.SharedFiles)
        {
            var path = _bed.FullPath(file.Handle);
            var length = new FileInfo(path).Length;
            foreach (var offset in new[] { 0, length / 2, length - 1 })
            {
                FlipBit(path, offset);
                await ShouldFailAsync<CheckpointCorruptException>(
                    taken.Incremental, ((FileStateHandle)file.Handle).Path);
                FlipBit(path, offset);
            }
        }

        await using var whole = await _bed.OpenAsync([taken.Handle!]);
        Rows(whole).Should().NotBeEmpty();
    }

    [Fact]
    public async Task OpenAsync_TruncatedOrMissingFile_NamesTheFile()
    {
        var (taken, _, _) = await FillAsync(_bed, checkpointCount: 2);
        var handle = (FileStateHandle)taken.Incremental.SharedFiles[1].Handle;
        Damage(_bed.FullPath(handle), stream => stream.SetLength(stream.Length - 1));
        await ShouldFailAsync<CheckpointCorruptException>(taken.Incremental, handle.Path);
        File.Delete(_bed.FullPath(handle));
        await ShouldFailAsync<StoredFileMissingException>(taken.Incremental, handle.Path);
    }

    [Fact]
    public async Task OpenAsync_SwappedFiles_AreReported()
    {
        var (taken, _, _) = await FillAsync(_bed, checkpointCount: 2);
        var files = taken.Incremental.SharedFiles;
        var swapped = taken.Incremental with
        {
            SharedFiles = [files[0] with { Handle = files[1].Handle }, files[1] with { Handle = files[0].Handle }],
        };
        await ShouldFailAsync<CheckpointCorruptException>(swapped, "job/shared");
    }

    [Fact]
    public async Task OpenAsync_FileLeftOut_IsReported()
    {
        var (taken, _, _) = await FillAsync(_bed, checkpointCount: 2);
        var shorter = taken.Incremental with { SharedFiles = [taken.Incremental.SharedFiles[0]] };
        await ShouldFailAsync<CheckpointCorruptException>(shorter, "catalogue");
    }

    [Fact]
    public async Task OpenAsync_AnyFlippedBitOfTheCatalogue_IsReported()
    {
        var (taken, _, _) = await FillAsync(_bed, checkpointCount: 1);
        var meta = (ByteStreamStateHandle)taken.Incremental.MetaFile;
        var bytes = meta.Data.Items.ToArray();
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 0x04;
            var broken = taken.Incremental with { MetaFile = meta with { Data = ValueList.Create<byte>(bytes) } };
            ((Action)(() => RocksDb.Snapshots.CatalogueReader.Read(bytes, "x"))).Should()
                .Throw<CheckpointCorruptException>();
            if (i % 97 == 0)
            {
                await ShouldFailAsync<CheckpointCorruptException>(broken, meta.Name);
            }

            bytes[i] ^= 0x04;
        }
    }

    private static async Task<(Taken Taken, Dictionary<string, string> Rows, Guid BackendId)> FillAsync(
        RocksDbTestBed bed, int checkpointCount)
    {
        await using var backend = await bed.OpenAsync();
        Taken? taken = null;
        for (var i = 0; i < checkpointCount; i++)
        {
            for (var key = 0; key < 200; key++)
            {
                Put(backend, $"key-{key * (i + 1)}", $"value {i}");
            }

            Append(backend, "appended", $"{i}");
            backend.GetTable("counts").Delete(Key($"key-{i}"));
            taken = await bed.TakeAsync(backend, taken?.Id);
        }

        return (taken!, Rows(backend), backend.BackendId);
    }

    private async Task ShouldFailAsync<TException>(KeyedStateHandle handle, string named)
        where TException : CheckpointingException
    {
        var thrown = await ((Func<Task>)(async () => await _bed.OpenAsync([handle]))).Should().ThrowAsync<TException>();
        thrown.WithMessage($"*{named}*");
        Directory.GetFileSystemEntries(_bed.WorkingDirectory).Should().BeEmpty("a failed restore leaves nothing");
    }
}
