using System.Diagnostics;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Microsoft.Extensions.Time.Testing;
using static Checkpointing.RocksDb.Tests.RocksDbTestBed;

namespace Checkpointing.RocksDb.Tests.Restore;

/// <summary>What the ways of verifying find, and when.</summary>
public sealed class RestoreVerificationTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(RestoreVerification.Full, true)]
    [InlineData(RestoreVerification.Sizes, false)]
    [InlineData(RestoreVerification.Background, false)]
    public async Task OpenAsync_FlippedBitInALinkedFile_IsReportedAtOnceByFullAlone(
        RestoreVerification verification, bool isReported)
    {
        using var bed = new RocksDbTestBed();
        var (taken, path) = await TakeAsync(bed);
        FlipInTheMiddle(bed, taken);

        var open = async () => await OpenAsync(bed, taken, verification);

        if (isReported)
        {
            (await open.Should().ThrowAsync<CheckpointCorruptException>()).Which.Path.Should().Be(path);
        }
        else
        {
            await (await open()).DisposeAsync();
        }

        Directory.GetFileSystemEntries(bed.WorkingDirectory).Should().BeEmpty();
    }

    [Theory]
    [InlineData(RestoreVerification.Sizes)]
    [InlineData(RestoreVerification.Background)]
    public async Task OpenAsync_CutFileOrDamagedCatalogue_AreReportedAtOnce(RestoreVerification verification)
    {
        using var bed = new RocksDbTestBed();
        var (taken, path) = await TakeAsync(bed);
        var meta = (ByteStreamStateHandle)taken.Incremental.MetaFile;
        var bytes = meta.Data.Items.ToArray();
        bytes[bytes.Length / 2] ^= 1;
        var damaged = taken with
        {
            Handle = taken.Incremental with { MetaFile = meta with { Data = ValueList.Create<byte>(bytes) } },
        };
        var open = async () => await OpenAsync(bed, damaged, verification);
        (await open.Should().ThrowAsync<CheckpointCorruptException>()).Which.Path.Should().Be(meta.Name);

        Damage(bed.FullPath(Handle(taken)), stream => stream.SetLength(stream.Length - 1));
        open = async () => await OpenAsync(bed, taken, verification);
        (await open.Should().ThrowAsync<CheckpointCorruptException>()).Which.Path.Should().Be(path);
    }

    [Theory]
    [InlineData(RestoreVerification.Sizes)]
    [InlineData(RestoreVerification.Background)]
    public async Task OpenAsync_FilesThatTravelThroughTheProcess_AreVerifiedOnTheWay(RestoreVerification verification)
    {
        using var bed = new RocksDbTestBed(isStorageLocal: false);
        var (taken, path) = await TakeAsync(bed);
        await using (var good = (RocksDbKeyedStateBackend)await OpenAsync(bed, taken, verification))
        {
            good.Scope.Verification.Should().BeNull("nothing is left to verify");
        }

        FlipInTheMiddle(bed, taken);
        var open = async () => await OpenAsync(bed, taken, verification);
        (await open.Should().ThrowAsync<CheckpointCorruptException>()).Which.Path.Should().Be(path);
    }

    [Theory]
    [InlineData(RocksDbSnapshotMode.Incremental)]
    [InlineData(RocksDbSnapshotMode.Full)]
    public async Task Background_FlippedBit_FailsTheBackendAndEverySnapshot(RocksDbSnapshotMode snapshots)
    {
        using var bed = new RocksDbTestBed();
        var (taken, path) = await TakeAsync(bed);
        FlipInTheMiddle(bed, taken);
        var stored = bed.StoredFiles("job");
        var backend = await OpenAsync(bed, taken, RestoreVerification.Background, snapshots);

        var failure = async () => await PassTimeAsync(backend.Failure);

        (await failure.Should().ThrowAsync<CheckpointCorruptException>()).Which.Path.Should().Be(path);
        for (var i = 0; i < 2; i++)
        {
            Put(backend, "new", $"{i}");
            var take = () => bed.TakeAsync(backend, taken.Id);
            (await take.Should().ThrowAsync<CheckpointCorruptException>()).Which.Path.Should().Be(path);
        }

        bed.StoredFiles("job").Should().BeEquivalentTo(stored, "no checkpoint is made of what came of such a file");
        await backend.DisposeAsync();
        Directory.GetFileSystemEntries(bed.WorkingDirectory).Should().BeEmpty();
    }

    [Fact]
    public async Task Background_GoodFiles_SnapshotsWaitUntilAllHavePassed()
    {
        using var bed = new RocksDbTestBed();
        var (taken, _) = await TakeAsync(bed);
        await using var backend =
            (RocksDbKeyedStateBackend)await OpenAsync(bed, taken, RestoreVerification.Background);
        var expected = Rows(backend);

        // What is being verified does not depend on the names in the storage.
        foreach (var file in taken.Incremental.SharedFiles)
        {
            File.Delete(bed.FullPath(file.Handle));
        }

        var request = bed.Request(taken.Id);
        await using var snapshot = backend.PrepareSnapshot(request);
        var writing = snapshot.WriteAsync(default).AsTask();
        Get(backend, "key-0").Should().NotBeNull("the job goes on meanwhile");
        writing.IsCompleted.Should().BeFalse("time stands still, so the second file is not read");

        await PassTimeAsync(writing);

        (await writing).Cost.ReusedFiles.Should().Be(taken.Incremental.SharedFiles.Count);
        await PassTimeAsync(backend.Scope.WaitUntilVerifiedAsync(default));
        backend.Failure.IsCompleted.Should().BeFalse();
        Rows(backend).Should().Equal(expected);
        Directory.GetDirectories(backend.Scope.Folder.Path, "unverified*").Should().BeEmpty();
    }

    [Fact]
    public async Task Background_DisposedBeforeAllHavePassed_EndsAndDeclinesTheSnapshot()
    {
        using var bed = new RocksDbTestBed();
        var (taken, _) = await TakeAsync(bed);
        var backend = await OpenAsync(bed, taken, RestoreVerification.Background);
        await using (var snapshot = backend.PrepareSnapshot(bed.Request(taken.Id)))
        {
            var writing = snapshot.WriteAsync(default).AsTask();
            await backend.DisposeAsync().AsTask().WaitAsync(Limit);

            var write = () => writing.WaitAsync(Limit);
            (await write.Should().ThrowAsync<CheckpointDeclinedException>())
                .Which.Reason.Should().Be(CheckpointFailureReason.AttemptEnded);
        }

        backend.Failure.IsCompleted.Should().BeFalse();
        Directory.GetFileSystemEntries(bed.WorkingDirectory).Should().BeEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Background_Rescaled_IsVerifiedToo(bool mayImport)
    {
        using var bed = new RocksDbTestBed(mayImport: mayImport);
        var (taken, path) = await TakeAsync(bed);
        FlipInTheMiddle(bed, taken);

        // Row by row RocksDB finds it first, and the restore fails.
        var fail = async () =>
        {
            await using var backend = await OpenAsync(
                bed, taken, RestoreVerification.Background, range: new(0, (MaxParallelism / 2) - 1));
            await PassTimeAsync(backend.Failure);
        };

        var thrown = (await fail.Should().ThrowAsync<CheckpointCorruptException>()).Which;
        if (mayImport)
        {
            thrown.Path.Should().Be(path);
        }
    }

    // Nothing is waited for by the clock: the fake one is moved on until the task has ended.
    private async Task PassTimeAsync(Task task)
    {
        var watch = Stopwatch.StartNew();
        while (!task.IsCompleted && watch.Elapsed < Limit)
        {
            _time.Advance(TimeSpan.FromSeconds(30));
            await Task.Yield();
        }

        await task.WaitAsync(TimeSpan.Zero);
    }

    private static void FlipInTheMiddle(RocksDbTestBed bed, Taken taken) =>
        FlipBit(bed.FullPath(Handle(taken)), Handle(taken).FileSizeBytes / 2);

    private static FileStateHandle Handle(Taken taken) => (FileStateHandle)taken.Incremental.SharedFiles[0].Handle;

    private static async Task<(Taken Taken, string Path)> TakeAsync(RocksDbTestBed bed)
    {
        await using var backend = await bed.OpenAsync();
        Taken? taken = null;
        for (var round = 0; round < 2; round++)
        {
            // Many blocks: RocksDB looks at the first and the last one when it imports a file.
            for (var i = 0; i < 2_000; i++)
            {
                Put(backend, $"key-{i}", $"value {round} of {i}: {ContentDigest.Of(Key($"{i}"))}");
            }

            taken = await bed.TakeAsync(backend, taken?.Id);
        }

        return (taken!, Handle(taken!).Path);
    }

    private async Task<KeyedStateBackend> OpenAsync(
        RocksDbTestBed bed, Taken taken, RestoreVerification verification,
        RocksDbSnapshotMode snapshots = RocksDbSnapshotMode.Incremental, KeyGroups.KeyGroupRange? range = null)
    {
        var factory = new RocksDbBackendFactory(new()
        {
            WorkingDirectory = bed.WorkingDirectory,
            Verification = verification,
            VerificationBytesPerSecond = 1 << 10,
            Snapshots = snapshots,
            Rescaling = bed.Options.Rescaling,
        });
        var context = bed.Context([taken.Handle!], range, restoredCheckpoint: taken.Id) with { Time = _time };
        return await factory.OpenAsync(context, default);
    }
}
