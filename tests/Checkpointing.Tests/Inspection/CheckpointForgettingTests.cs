using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Inspection;
using Checkpointing.Storage;
using Checkpointing.Storage.InMemory;
using Checkpointing.Tests.Coordination;
using StoredState = Checkpointing.Tests.Coordination.StoredState;

namespace Checkpointing.Tests.Inspection;

public sealed class CheckpointForgettingTests
{
    private readonly InMemoryCheckpointStorage _storage = new();

    private StorageCheckpointRegister Register => new(_storage);

    [Fact]
    public void RunAsync_NotApplied_ChangesNothing()
    {
        var cluster = StartWithCheckpoints(3);
        var before = StoredState.FilesBelow(_storage, "");

        Forget(new() { KeepLast = 1 }, apply: false).Count(static one => !one.IsKept).Should().Be(2);

        StoredState.FilesBelow(_storage, "").Should().Equal(before);
        cluster.Checkpoint();
    }

    [Fact]
    public void RunAsync_BesideARunningJob_ItGoesOnAndDeletesTheFilesItself()
    {
        var cluster = StartWithCheckpoints(4);
        var forgotten = cluster.Coordinator.Retained.Take(3).Select(static one => one.Path).ToList();

        Forget(new() { KeepLast = 1 }, apply: true);
        var whileNotKnown = StoredState.FilesBelow(_storage, "job").Count(path => IsBelowAny(path, forgotten));
        cluster.Work();
        var next = cluster.Checkpoint();
        cluster.RunUntilQuiet();

        whileNotKnown.Should().BePositive("forgetting deletes nothing");
        StoredState.RegisterOf(Register, "job").Retained.Select(static one => one.Id).Should()
            .Equal(new(4), next.Id);
        cluster.Coordinator.Retained.Select(static one => one.Id).Should().Equal(new(4), next.Id);
        StoredState.FilesBelow(_storage, "job").Should().NotContain(path => IsBelowAny(path, forgotten));
        StoredState.MissingFiles(_storage, Register, "job").Should().BeEmpty();
        StoredState.Orphans(_storage, Register, "job").Should().BeEmpty();
    }

    [Fact]
    public void RunAsync_WhilePendingOnesPointIntoIt_FilesStayUntilTheyEnd()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var storage = new InMemoryCheckpointStorage();
            var register = new StorageCheckpointRegister(storage);
            var cluster = new SimulatedCluster(
                storage, register, "job", seed, options: new() { MaxConcurrent = 3, MaxRetainedCheckpoints = 5 })
            {
                AfterStep = () => StoredState.MissingFiles(storage, register, "job").Should().BeEmpty(),
            };
            cluster.Start();
            for (var i = 0; i < 3; i++)
            {
                cluster.Work();
                cluster.Checkpoint();
            }

            cluster.Work();
            var first = cluster.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
            var second = cluster.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
            for (var step = 0; step < seed % 12; step++)
            {
                cluster.Step();
            }

            StoredHistory.Now(CheckpointForgetting.RunAsync(
                storage, "job", new() { KeepLast = 1 }, apply: true, register));
            StoredHistory.Now(StorageSweep.RunAsync(storage, new() { Apply = true }, register));
            cluster.RunUntilQuiet();

            (first.IsCompletedSuccessfully || second.IsCompletedSuccessfully).Should().BeTrue("seed {0}", seed);
            StoredState.MissingFiles(storage, register, "job").Should().BeEmpty("seed {0}", seed);
        }
    }

    [Fact]
    public void RunAsync_UnreadableGivenUp_SweepsAreAllowedAgain()
    {
        StartWithCheckpoints(3);
        _storage.DeleteAsync("job/chk-2/_metadata", CancellationToken.None).AsTask().GetAwaiter().GetResult();
        TakeEpochAndDie();
        var before = StoredHistory.Now(StorageSweep.RunAsync(_storage, new() { Apply = true }));

        Forget(new() { Unreadable = [new(2)] }, apply: true);
        StoredHistory.Now(StorageSweep.RunAsync(_storage, new() { Apply = true }));

        before.DeletedFiles.Should().Be(0);
        StoredState.RegisterOf(Register, "job").Retained.Select(static one => one.Id.Value).Should().Equal(1, 3);
        StoredState.FilesBelow(_storage, "job").Should().NotContain(path => StoragePath.IsBelow(path, "job/chk-2"));
        StoredState.MissingFiles(_storage, Register, "job").Should().BeEmpty();
    }

    [Fact]
    public void RunAsync_DamagedGivenUp_MetadataIsPutAside()
    {
        StartWithCheckpoints(2);
        var path = "job/chk-1/_metadata";
        var damaged = StoredHistory.Now(_storage.ReadAllAsync(path, 1 << 20, CancellationToken.None).AsTask());
        damaged[40] ^= 1;
        _storage.DeleteAsync(path, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        _storage.WriteAllAsync(path, damaged, CancellationToken.None).AsTask().GetAwaiter().GetResult();

        Forget(new() { Unreadable = [new(1)] }, apply: true);

        var aside = StoredState.FilesBelow(_storage, "job/quarantine").Should().ContainSingle().Subject;
        StoredHistory.Now(_storage.ReadAllAsync(aside, 1 << 20, CancellationToken.None).AsTask()).Should()
            .Equal(damaged);
        StoredState.FilesBelow(_storage, "job").Should().NotContain(path);
    }

    [Fact]
    public void Tagging_BesideARunningJob_ItGoesOnAndKeepsTheTags()
    {
        var cluster = StartWithCheckpoints(2);

        StoredHistory.Now(CheckpointTagging.RunAsync(_storage, "job/chk-1", ["release", "odd"], []));
        cluster.Work();
        cluster.Checkpoint();
        var tags = StoredHistory.Now(CheckpointTagging.RunAsync(_storage, "job/chk-1", [], ["odd"]));
        cluster.Work();
        cluster.Checkpoint();
        var kept = Forget(new() { KeepTags = ["release"] }, apply: false);

        tags.Should().Equal("release");
        StoredState.RegisterOf(Register, "job").Retained[0].Tags.Should().Equal("release");
        kept.Where(static one => one.IsKept).Select(static one => one.Checkpoint.Id!.Value.Value).Should().Equal(1, 4);
    }

    [Fact]
    public async Task Tagging_OfWhatNoRegisterLists_IsRefused()
    {
        StartWithCheckpoints(1);

        var tag = () => CheckpointTagging.RunAsync(_storage, "job/chk-7", ["x"], []);

        await tag.Should().ThrowAsync<CheckpointNotFoundException>();
    }

    [Fact]
    public void RunAsync_NoSuchJob_Throws()
    {
        StartWithCheckpoints(1);

        var forget = () => CheckpointForgetting.RunAsync(_storage, "others", new() { KeepLast = 1 }, apply: true);

        forget.Should().ThrowAsync<CheckpointNotFoundException>();
    }

    [Fact]
    public void CarryOver_AmendedList_KeepsWhatTheWriterAddsAndDropsWhatWasTakenOff()
    {
        StartWithCheckpoints(3);
        var before = StoredState.RegisterOf(Register, "job");
        var present = RegisterAmendment.TakeOff(
            before, new HashSet<string> { "job/chk-1", "job/chk-2", "job/chk-3" }, new HashSet<string>(),
            Guid.NewGuid())!;
        var added = before.Retained[^1] with { Id = new(9), Path = "job/chk-9" };
        var wanted = before with { Retained = [before.Retained[1], before.Retained[2], added] };

        var carried = RegisterAmendment.CarryOver(before, present, wanted);

        present.Retained.Select(static one => one.Id.Value).Should().Equal([3], "the newest stays");
        carried.Retained.Select(static one => one.Id.Value).Should().Equal(3, 9);
        carried.Token.Should().Be(wanted.Token);
    }

    private static bool IsBelowAny(string path, List<string> folders) =>
        folders.Exists(folder => StoragePath.IsBelow(path, folder));

    private SimulatedCluster StartWithCheckpoints(int count)
    {
        var cluster = new SimulatedCluster(
            _storage, Register, "job", 7, options: new() { MaxRetainedCheckpoints = 10 });
        cluster.Start();
        for (var i = 0; i < count; i++)
        {
            cluster.Work();
            cluster.Checkpoint();
        }

        cluster.RunUntilQuiet();
        return cluster;
    }

    private void TakeEpochAndDie() => StoredHistory.Now(new StandaloneCompletedCheckpointStore(
        Register, _storage, "job", IdSource.FromSeed(3), "dies at once").TakeEpochAsync(CancellationToken.None)
            .AsTask());

    private IReadOnlyList<ForgetDecision> Forget(ForgetPolicy policy, bool apply) =>
        StoredHistory.Now(CheckpointForgetting.RunAsync(_storage, "job", policy, apply));
}
