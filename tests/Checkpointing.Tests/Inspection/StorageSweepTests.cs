using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Inspection;
using Checkpointing.Storage;
using Checkpointing.Storage.InMemory;
using Checkpointing.Tests.Coordination;
using StoredState = Checkpointing.Tests.Coordination.StoredState;

namespace Checkpointing.Tests.Inspection;

public sealed class StorageSweepTests
{
    private readonly InMemoryCheckpointStorage _storage = new();

    private StorageCheckpointRegister Register => new(_storage);

    [Fact]
    public void RecoverAsync_SavepointInTheJobsOwnFolder_IsNotSwept()
    {
        var cluster = Start(1);
        cluster.Work();
        var savepoint = cluster.Checkpoint(CheckpointRequest.SavepointTo("job/mine"));
        var files = StoredState.FilesBelow(_storage, savepoint.Path);

        Start(2);

        files.Count.Should().BeGreaterThan(2);
        StoredState.FilesBelow(_storage, savepoint.Path).Should().Equal(files);
    }

    [Fact]
    public void RunAsync_StillBeingLetGo_IsKeptWithoutTheFence()
    {
        var cluster = Start(1, maxRetained: 1);
        cluster.Work();
        var dropped = cluster.Checkpoint();
        var kept = StoredHistory.Now(_storage.ReadAllAsync(dropped.MetadataPath, 1 << 20, CancellationToken.None)
            .AsTask());
        cluster.Work();
        cluster.Checkpoint();
        cluster.RunUntilQuiet();

        // As if a savepoint that was triggered before were still pending: the metadata goes last of all.
        StoredState.RegisterOf(Register, "job").Leaving.Select(static one => one.Path).Should().Equal(dropped.Path);
        StoredHistory.Now(_storage.WriteAllAsync(dropped.MetadataPath, kept, CancellationToken.None).AsTask());
        TakeEpochAndDie();
        var gentle = Sweep(fence: false);
        var report = StoredHistory.Now(StorageCensus.TakeAsync(_storage)).Why(dropped.MetadataPath)!;
        var fenced = Sweep(fence: true);

        gentle.DeletedFiles.Should().Be(0);
        report.NeededBy.Should().ContainSingle().Which.Status.Should().Be(StoredCheckpointStatus.Leaving);
        fenced.DeletedFiles.Should().Be(1);
        StoredState.Orphans(_storage, Register, "job").Should().BeEmpty();
    }

    [Fact]
    public void RunAsync_Fence_StopsARunningCoordinator()
    {
        var cluster = Start(1);
        cluster.Work();
        cluster.Checkpoint();

        Sweep(fence: true);
        var after = () => cluster.Checkpoint();

        after.Should().Throw<CheckpointingException>();
        cluster.Coordinator.Failure.IsFaulted.Should().BeTrue();
        StoredState.MissingFiles(_storage, Register, "job").Should().BeEmpty();
    }

    [Fact]
    public void RunAsync_WithoutApply_DeletesNothing()
    {
        Start(1).Checkpoint();
        StoredHistory.Now(_storage.WriteAllAsync(
            CheckpointLayout.SharedFolder("job") + "/x/0-1/0-0-" + new string('a', 32), new byte[3],
            CancellationToken.None).AsTask());
        var before = StoredState.FilesBelow(_storage, "");

        var report = StoredHistory.Now(StorageSweep.RunAsync(_storage, new() { Fence = true }));

        report.Found.Files.Should().ContainSingle();
        (report.DeletedFiles, report.Found.Bytes).Should().Be((0, 3));
        StoredState.FilesBelow(_storage, "").Should().Equal(before);
    }

    [Fact]
    public void RunAsync_NoRegister_NothingIsAnOrphan()
    {
        Start(1).Checkpoint();

        var report = StoredHistory.Now(StorageSweep.RunAsync(
            _storage, new() { Apply = true, Fence = true }, new InMemoryCheckpointRegister()));

        report.DeletedFiles.Should().Be(0);
        report.Found.Unknown.Should().NotBeEmpty();
    }

    private SimulatedCluster Start(int seed, int maxRetained = 3)
    {
        var cluster = new SimulatedCluster(
            _storage, Register, "job", seed, options: new() { MaxRetainedCheckpoints = maxRetained });
        cluster.Start();
        return cluster;
    }

    private void TakeEpochAndDie() => StoredHistory.Now(new StandaloneCompletedCheckpointStore(
        Register, _storage, "job", IdSource.FromSeed(3), "dies at once").TakeEpochAsync(CancellationToken.None)
            .AsTask());

    private SweepReport Sweep(bool fence) =>
        StoredHistory.Now(StorageSweep.RunAsync(_storage, new() { Apply = true, Fence = fence }));
}
