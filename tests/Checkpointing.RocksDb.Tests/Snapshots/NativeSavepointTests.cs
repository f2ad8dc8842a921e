using System.Diagnostics;
using Checkpointing.KeyGroups;
using Checkpointing.State;
using Checkpointing.StateHandles;
using static Checkpointing.RocksDb.Tests.RocksDbTestBed;

namespace Checkpointing.RocksDb.Tests.Snapshots;

public sealed class NativeSavepointTests : IDisposable
{
    private readonly RocksDbTestBed _bed = new();

    public void Dispose() => _bed.Dispose();

    [Fact]
    public async Task WriteAsync_AllFilesAreItsOwnAndRelative()
    {
        await using var backend = await FillAsync(_bed);
        var savepoint = await TakeAsync(_bed, backend);

        savepoint.Sent.SharedFiles.Should().BeEmpty();
        savepoint.Sent.PrivateFiles.Should().NotBeEmpty();
        foreach (var file in savepoint.Sent.PrivateFiles)
        {
            file.Handle.Should().BeOfType<RelativeFileStateHandle>().Which.RelativePath.Should().NotContain("/");
        }

        _bed.StoredFiles().Should().BeEmpty("nothing of a savepoint is shared");
        _bed.StoredFiles($"savepoint-{savepoint.Id}").Should().HaveCount(savepoint.Sent.PrivateFiles.Count);
        savepoint.Result.GivenUp.Should().BeEmpty();
        await using var restored = await _bed.OpenAsync([savepoint.Handle!]);
        Rows(restored).Should().Equal(Rows(backend));
        _bed.Options.Counts.SameRange.Should().Be(1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WriteAsync_OnOneVolume_LinksUnlessCopiesAreForced(bool forceCopy)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Inodes are read with Linux's stat.");
        using var bed = new RocksDbTestBed(storageOptions: new() { ForceCopy = forceCopy });
        await using var backend = await FillAsync(bed);
        var savepoint = await TakeAsync(bed, backend);

        var live = Inodes(Directory.GetFiles(bed.WorkingDirectory, "*.sst", SearchOption.AllDirectories));
        var stored = Inodes(bed.StoredFiles($"savepoint-{savepoint.Id}"));
        if (forceCopy)
        {
            stored.Should().NotIntersectWith(live);
        }
        else
        {
            stored.Should().BeSubsetOf(live, "a link costs nothing");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WriteAsync_FilesOfACheckpoint_AreCopiedWithinTheStorage(bool areThere)
    {
        await using var backend = await FillAsync(_bed);
        var first = await _bed.TakeAsync(backend);
        if (!areThere)
        {
            // A coordinator may drop the checkpoint while the savepoint is being written.
            Array.ForEach(_bed.StoredFiles(), File.Delete);
        }

        var savepoint = await TakeAsync(_bed, backend);

        savepoint.Result.Cost.ReusedFiles.Should().Be(areThere ? first.Sent.SharedFiles.Count : 0);
        savepoint.Result.Cost.NewFiles.Should().Be(areThere ? 0 : first.Sent.SharedFiles.Count);
        await using var restored = await _bed.OpenAsync([savepoint.Handle!]);
        Rows(restored).Should().Equal(Rows(backend));
    }

    [Fact]
    public async Task WriteAsync_BetweenCheckpoints_IsNoBaseAndLeavesTheBaseAlone()
    {
        await using var backend = await FillAsync(_bed);
        var first = await _bed.TakeAsync(backend);
        Put(backend, "late", "x");
        await TakeAsync(_bed, backend);
        var next = await _bed.TakeAsync(backend, first.Id);

        next.Sent.PrivateFiles.Should().BeEmpty();
        next.Sent.SharedFiles.Select(static file => file.Handle).OfType<PlaceholderStateHandle>()
            .Should().HaveCount(first.Sent.SharedFiles.Count, "the base is the checkpoint before");
        var stored = next.Sent.SharedFiles.Select(static file => file.Handle).OfType<FileStateHandle>().ToList();
        stored.Should().ContainSingle("the late row's file is stored again, for checkpoints")
            .Which.Path.Should().StartWith("job/shared/");
        next.Result.Cost.NewFiles.Should().Be(1);
    }

    // FLINK-39964: after a claim the first checkpoint named the savepoint's files as if they were in its own folder.
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    public async Task Restore_MovedAndLeftBehind_CheckpointsStandOnTheirOwn(bool isForeign, bool isGoneBefore)
    {
        Taken savepoint;
        Dictionary<string, string> rows;
        await using (var backend = await FillAsync(_bed))
        {
            rows = Rows(backend);
            savepoint = await TakeAsync(_bed, backend);
        }

        var moved = Move(savepoint, "elsewhere/moved");
        await using var second = await _bed.OpenAsync(
            [moved], restoredCheckpoint: savepoint.Id, isForeign: isForeign);
        Rows(second).Should().Equal(rows);
        if (isGoneBefore)
        {
            // Nobody pins a savepoint: its user may delete it at any time.
            Directory.Delete(Path.Combine(_bed.StorageRoot, "elsewhere"), recursive: true);
        }

        Put(second, "late", "x");
        var first = await _bed.TakeAsync(second);
        first.Sent.PrivateFiles.Should().BeEmpty();
        first.Sent.SharedFiles.Should().OnlyContain(static file =>
            ((FileStateHandle)file.Handle).Path.StartsWith("job/shared/", StringComparison.Ordinal));
        first.Result.Cost.ReusedFiles.Should().Be(
            isGoneBefore ? 0 : savepoint.Sent.PrivateFiles.Count, "what is there is linked within the storage");
        var next = await _bed.TakeAsync(second, first.Id);
        if (!isGoneBefore)
        {
            Directory.Delete(Path.Combine(_bed.StorageRoot, "elsewhere"), recursive: true);
        }

        foreach (var taken in new[] { first, next })
        {
            await using var third = await _bed.OpenAsync([taken.Handle!], restoredCheckpoint: taken.Id);
            Rows(third).Should().Equal(Rows(second));
        }
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(3, 1)]
    [InlineData(3, 2)]
    public async Task Restore_OtherParallelism_ImportsAndGoesOn(int oldCount, int newCount)
    {
        var handles = new List<KeyedStateHandle>();
        var rows = new Dictionary<string, string>();
        for (var subtask = 0; subtask < oldCount; subtask++)
        {
            var range = KeyGroupAssignment.RangeOf(subtask, oldCount, MaxParallelism);
            await using var backend = await FillAsync(_bed, range);
            foreach (var row in Rows(backend))
            {
                rows.Add(row.Key, row.Value);
            }

            handles.Add(Move(await TakeAsync(_bed, backend), $"moved-{subtask}"));
        }

        var found = new Dictionary<string, string>();
        var next = new List<KeyedStateHandle>();
        for (var subtask = 0; subtask < newCount; subtask++)
        {
            var range = KeyGroupAssignment.RangeOf(subtask, newCount, MaxParallelism);
            await using var backend = await _bed.OpenAsync(
                [.. handles.Where(handle => handle.KeyGroups.Overlaps(range))], range, isForeign: subtask == 0);
            foreach (var row in Rows(backend))
            {
                found.Add(row.Key, row.Value);
            }

            var taken = await _bed.TakeAsync(backend);
            taken.Sent.PrivateFiles.Should().BeEmpty();
            next.Add(taken.Handle!);
        }

        found.Should().Equal(rows);
        _bed.Options.Counts.ByRows.Should().Be(0, "its files are imported");
        foreach (var folder in Directory.GetDirectories(_bed.StorageRoot, "moved-*"))
        {
            Directory.Delete(folder, recursive: true);
        }

        await using var whole = await _bed.OpenAsync(next);
        Rows(whole).Should().Equal(rows);
    }

    [Fact]
    public async Task WriteAsync_Fails_LeavesNothingAndTheNextOneIsComplete()
    {
        var storage = new FailingStorage(_bed.LocalStorage, failAfter: 2);
        await using var backend = await _bed.Factory.OpenAsync(
            _bed.Context(states: ["a", "b", "c", "d"]) with { Storage = storage }, default);
        foreach (var state in new[] { "a", "b", "c", "d" })
        {
            Put(backend, "x", "1", state);
        }

        var request = _bed.Request(kind: CheckpointKind.Savepoint, format: SavepointFormat.Native);
        await using (var snapshot = backend.PrepareSnapshot(request))
        {
            await FluentActions.Awaiting(async () => await snapshot.WriteAsync(default)).Should()
                .ThrowAsync<CheckpointStorageUnavailableException>();
        }

        _bed.StoredFiles(request.ExclusiveFolder).Should().BeEmpty();
        var savepoint = await TakeAsync(_bed, backend);
        savepoint.Sent.PrivateFiles.Should().HaveCount(4);
    }

    [Fact]
    public async Task WriteAsync_ModeFull_IsNativeAllTheSame()
    {
        using var bed = new RocksDbTestBed(RocksDbSnapshotMode.Full);
        await using var backend = await FillAsync(bed);

        (await TakeAsync(bed, backend)).Result.Handle.Should().BeOfType<IncrementalKeyedStateHandle>();
        (await bed.TakeAsync(backend)).Result.Handle.Should().BeOfType<KeyGroupsStateHandle>();
        (await bed.TakeAsync(backend, kind: CheckpointKind.Savepoint)).Result.Handle.Should()
            .BeOfType<KeyGroupsStateHandle>();
    }

    [Fact]
    public async Task OpenAsync_DamagedFile_IsRefusedByName()
    {
        await using var backend = await FillAsync(_bed);
        var savepoint = await TakeAsync(_bed, backend);
        var path = _bed.StoredFiles($"savepoint-{savepoint.Id}")[0];
        FlipBit(path, 20);

        await FluentActions.Awaiting(async () => await _bed.OpenAsync([savepoint.Handle!])).Should()
            .ThrowAsync<CheckpointCorruptException>().WithMessage($"*{Path.GetFileName(path)}*");
    }

    private static async Task<KeyedStateBackend> FillAsync(RocksDbTestBed bed, KeyGroupRange? range = null)
    {
        var backend = await bed.OpenAsync(range: range);
        for (var i = 0; i < 200; i++)
        {
            var keyGroup = backend.Range.First + (i % backend.Range.Count);
            backend.GetTable("counts").Put(Key(keyGroup, [(byte)i]), [(byte)i, 1]);
        }

        return backend;
    }

    private static Task<Taken> TakeAsync(RocksDbTestBed bed, KeyedStateBackend backend) => bed.TakeAsync(
        backend, kind: CheckpointKind.Savepoint, isConfirmed: false, format: SavepointFormat.Native);

    private IncrementalKeyedStateHandle Move(Taken savepoint, string folder)
    {
        var target = Path.Combine(_bed.StorageRoot, folder);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        Directory.Move(Path.Combine(_bed.StorageRoot, $"savepoint-{savepoint.Id}"), target);
        return savepoint.Sent with
        {
            PrivateFiles = savepoint.Sent.PrivateFiles
                .Select(file => file with { Handle = Resolve(file.Handle, folder) }).ToValueList(),
            MetaFile = Resolve(savepoint.Sent.MetaFile, folder),
        };
    }

    private static HashSet<string> Inodes(IEnumerable<string> paths) => [.. paths.Select(static path =>
    {
        using var stat = Process.Start(new ProcessStartInfo("stat", ["-c", "%i", path])
        {
            RedirectStandardOutput = true,
        })!;
        return stat.StandardOutput.ReadToEnd().Trim();
    })];
}
