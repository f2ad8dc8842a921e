using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.State;
using Checkpointing.Storage;
using Checkpointing.Storage.InMemory;

namespace Checkpointing.Tests.Coordination;

public sealed class CheckpointCoordinatorTests
{
    private readonly InMemoryCheckpointStorage _storage = new();
    private readonly InMemoryCheckpointRegister _register = new();

    [Fact]
    public void TriggerAsync_AllAcknowledge_CompletesAndNotifies()
    {
        var cluster = NewCluster("job", 1);
        cluster.Start().Should().BeNull();
        cluster.Work();

        var completed = cluster.Checkpoint();

        completed.Id.Should().Be(new CheckpointId(1));
        completed.Path.Should().Be("job/chk-1");
        completed.NewBytes.Should().Be(200);
        RegisterOf("job").Retained.Should().ContainSingle().Which.Path.Should().Be("job/chk-1");
        cluster.Trace.Count(line => line.StartsWith("completed 1")).Should().Be(2);
    }

    [Fact]
    public void TriggerAsync_SecondCheckpoint_ReusesFilesOfTheFirst()
    {
        var cluster = NewCluster("job", 2);
        cluster.Start();
        cluster.Work();
        cluster.Checkpoint();
        cluster.Work();

        var second = cluster.Checkpoint();

        cluster.RunUntilQuiet();
        second.Cost.NewFiles.Should().Be(2);
        second.Cost.ReusedFiles.Should().Be(2);
        FilesBelow("job/chk-1").Should().BeEmpty("it was subsumed");
    }

    [Fact]
    public void TriggerAsync_BeforeStart_IsDeclinedAsTasksNotRunning()
    {
        var cluster = NewCluster("job", 3);
        cluster.Run(cluster.Coordinator.RecoverAsync());

        var trigger = () => cluster.Checkpoint();

        trigger.Should().Throw<CheckpointDeclinedException>().Which.Reason.Should()
            .Be(CheckpointFailureReason.TasksNotRunning);
    }

    [Fact]
    public void TriggerAsync_TaskNeverAnswers_ExpiresAndTheNextOneCompletes()
    {
        var cluster = NewCluster("job", 4, new() { Timeout = TimeSpan.FromSeconds(5) });
        cluster.Start();
        cluster.Work();
        cluster.SilentSubtasks.Add(1);
        var late = cluster.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
        cluster.RunUntilQuiet();

        cluster.Advance(TimeSpan.FromSeconds(6));
        cluster.RunUntilQuiet();

        late.Exception!.InnerException.Should().BeOfType<CheckpointDeclinedException>()
            .Which.Reason.Should().Be(CheckpointFailureReason.Expired);
        cluster.SilentSubtasks.Clear();
        cluster.Checkpoint().Id.Should().Be(new CheckpointId(2));
    }

    [Fact]
    public void TriggerAsync_TaskDeclines_FailsWithItsCauseAndLeavesNoFile()
    {
        var cluster = NewCluster("job", 5);
        cluster.Start();
        cluster.Work();
        cluster.DeclinePercent = 100;

        var trigger = () => cluster.Checkpoint();

        trigger.Should().Throw<CheckpointDeclinedException>().WithMessage("*is full (simulated)*")
            .Which.Subtask.Should().StartWith("totals[");
    }

    [Fact]
    public void TriggerAsync_MoreThanTheLimit_WaitsForASlot()
    {
        var cluster = NewCluster("job", 6);
        cluster.Start();
        cluster.Work();
        var first = cluster.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
        var second = cluster.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
        cluster.Coordinator.PendingCount.Should().Be(1);

        cluster.RunUntilQuiet();

        first.Result.Id.Should().Be(new CheckpointId(1));
        second.Result.Id.Should().Be(new CheckpointId(2));
    }

    [Fact]
    public void Start_WithInterval_TriggersPeriodically()
    {
        var cluster = NewCluster("job", 7, new() { Interval = TimeSpan.FromSeconds(10), MaxRetainedCheckpoints = 2 });
        cluster.Start();
        for (var round = 0; round < 5; round++)
        {
            cluster.Work();
            cluster.Advance(TimeSpan.FromSeconds(10));
            cluster.RunUntilQuiet();
        }

        cluster.Coordinator.LatestCompleted!.Id.Should().Be(new CheckpointId(5));
        RegisterOf("job").Retained.Select(r => r.Id.Value).Should().Equal(4, 5);
    }

    [Fact]
    public void Start_WithMinPause_KeepsItAfterACompletion()
    {
        var cluster = NewCluster(
            "job", 8, new() { Interval = TimeSpan.FromSeconds(1), MinPause = TimeSpan.FromSeconds(30) });
        cluster.Start();
        for (var second = 0; second < 30; second++)
        {
            cluster.Advance(TimeSpan.FromSeconds(1));
            cluster.RunUntilQuiet();
        }

        cluster.Coordinator.LatestCompleted!.Id.Should().Be(new CheckpointId(1));
    }

    [Fact]
    public void SecondCoordinator_OfTheSameJob_FencesTheFirstAndLosesNothing()
    {
        var older = NewCluster("job", 9);
        older.Start();
        older.Work();
        var kept = older.Checkpoint();

        var newer = NewCluster("job", 10);
        newer.Start()!.Checkpoint.Path.Should().Be(kept.Path);
        older.Work();
        var trigger = () => older.Checkpoint();

        trigger.Should().Throw<CoordinatorFencedException>().Which.CurrentEpoch.Should().Be(2);
        older.Coordinator.Failure.IsFaulted.Should().BeTrue();
        newer.Work();
        var next = newer.Checkpoint();
        next.Cost.ReusedFiles.Should().BePositive();
        AssertAllFilesOfTheRegisterExist("job");
    }

    [Fact]
    public void RecoverAsync_AfterACrash_SweepsOrphansOfOlderEpochsOnly()
    {
        var crashed = NewCluster("job", 11);
        crashed.Start();
        crashed.Work();
        crashed.Checkpoint();
        crashed.Work();
        crashed.SilentSubtasks.Add(0);
        _ = crashed.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
        crashed.RunUntilQuiet();
        var before = FilesBelow("job").Count;

        var next = NewCluster("job", 12);
        next.Start();

        FilesBelow("job").Count.Should().BeLessThan(before);
        AssertNoOrphan("job");
    }

    [Fact]
    public void EndAsync_CancelledAndRetained_KeepsTheCheckpoint()
    {
        var cluster = NewCluster("job", 13, new() { Retention = CheckpointRetention.OnCancellation });
        cluster.Start();
        cluster.Work();
        var kept = cluster.Checkpoint();

        cluster.Run(cluster.Coordinator.EndAsync(JobTermination.Cancelled));

        RegisterOf("job").Retained.Should().ContainSingle().Which.Path.Should().Be(kept.Path);
        AssertAllFilesOfTheRegisterExist("job");
        AssertNoOrphan("job");
    }

    [Fact]
    public void EndAsync_Finished_DropsEverything()
    {
        var cluster = NewCluster("job", 14);
        cluster.Start();
        cluster.Work();
        cluster.Checkpoint();

        cluster.Run(cluster.Coordinator.EndAsync(JobTermination.Finished));

        RegisterOf("job").Retained.Should().BeEmpty();
        FilesBelow("job").Should().BeEmpty();
    }

    [Fact]
    public void RecoverAsync_TwiceInOneProcess_BeginsTheNextAttemptAndDropsStaleMessages()
    {
        var cluster = NewCluster("job", 15);
        cluster.Start();
        cluster.Work();
        cluster.Checkpoint();
        var stale = cluster.Coordinator.Subtasks[0];

        cluster.Start()!.Checkpoint.Id.Should().Be(new CheckpointId(1));

        cluster.Coordinator.Subtasks[0].Attempt.Should().Be(stale.Attempt + 1);
        _ = cluster.Coordinator.AcknowledgeAsync(new(stale, new(1), SubtaskSnapshot.Empty), CancellationToken.None);
        cluster.Work();
        cluster.Checkpoint().Id.Should().Be(new CheckpointId(2));
        cluster.RunUntilQuiet();
        AssertNoOrphan("job");
    }

    [Fact]
    public void RecoverAsync_NewestUnreadable_FallsBackKeepsItAndDeletesNothing()
    {
        var first = NewCluster("job", 16, new() { MaxRetainedCheckpoints = 2 });
        first.Start();
        first.Work();
        var older = first.Checkpoint();
        first.Work();
        var newest = first.Checkpoint();
        Corrupt(newest.MetadataPath);
        var before = FilesBelow("job");

        var second = NewCluster("job", 17, new() { MaxRetainedCheckpoints = 1 });
        second.Start()!.Checkpoint.Path.Should().Be(older.Path);
        second.Work();
        second.Checkpoint().Id.Value.Should().BeGreaterThan(newest.Id.Value);

        RegisterOf("job").Retained.Select(r => r.Path).Should().Contain(newest.Path);
        FilesBelow("job").Should().Contain(before);
    }

    [Fact]
    public void StartOverAsync_AllCheckpointsUnreadable_KeepsThemAndDeletesNothing()
    {
        var first = NewCluster("job", 24);
        first.Start();
        first.Work();
        var lost = first.Checkpoint();
        Corrupt(lost.MetadataPath);
        var before = FilesBelow("job").Where(path => !path.Contains("/register/"));

        var second = NewCluster("job", 25);
        FluentActions.Invoking(() => second.Run(second.Coordinator.RecoverAsync())).Should()
            .Throw<CheckpointCorruptException>().Which.Path.Should().Be(lost.MetadataPath);
        second.Run(second.Coordinator.StartOverAsync());
        second.StartTasks(null);
        second.Work();
        second.Checkpoint();
        second.RunUntilQuiet();

        RegisterOf("job").Retained.Select(r => r.Path).Should().HaveCount(2).And.Contain(lost.Path);
        FilesBelow("job").Should().Contain(before);
    }

    [Fact]
    public void ResumeAsync_PathThatNoRegisterLists_IsRefused()
    {
        var first = NewCluster("old", 18);
        first.Start();
        first.Work();
        var subsumed = first.Checkpoint();
        var orphan = Copy(subsumed.MetadataPath, "old/chk-77/_metadata");

        var second = NewCluster("new", 19);
        var resume = () => second.Start(StoragePath.FolderOf(orphan));

        resume.Should().Throw<CheckpointNotFoundException>().WithMessage("*no register lists it*");
    }

    [Fact]
    public void ResumeAsync_NothingThere_NamesWhatIsNearby()
    {
        var first = NewCluster("old", 20);
        first.Start();
        first.Work();
        first.Checkpoint();

        var second = NewCluster("new", 21);
        var resume = () => second.Start("old/chk-40");

        resume.Should().Throw<CheckpointNotFoundException>()
            .WithMessage("There is no checkpoint at 'old/chk-40'. Nearby: old/chk-1.");
    }

    [Fact]
    public void StartOverAsync_OldCheckpoints_StayButAreNotRestored()
    {
        var first = NewCluster("job", 22);
        first.Start();
        first.Work();
        first.Checkpoint();

        var second = NewCluster("job", 23);
        second.Run(second.Coordinator.RecoverAsync()).Should().NotBeNull();
        second.Run(second.Coordinator.StartOverAsync());
        RegisterOf("job").Retained.Should().HaveCount(1);
        second.Run(second.Coordinator.RecoverAsync()).Should()
            .BeNull("a failure before the first own checkpoint begins anew, too");
        second.StartTasks(null);
        second.Work();

        second.Checkpoint().Id.Value.Should().BeGreaterThan(1);
        second.RunUntilQuiet();
        RegisterOf("job").Retained.Should().ContainSingle();
        AssertNoOrphan("job");
    }

    private SimulatedCluster NewCluster(string job, int seed, CheckpointCoordinatorOptions? options = null) =>
        new(_storage, _register, job, seed, options: options);

    private RegisterRecord RegisterOf(string job) => StoredState.RegisterOf(_register, job);

    private IReadOnlyList<string> FilesBelow(string folder) => StoredState.FilesBelow(_storage, folder);

    private void AssertAllFilesOfTheRegisterExist(string job) =>
        StoredState.MissingFiles(_storage, _register, job).Should().BeEmpty();

    private void AssertNoOrphan(string job) => StoredState.Orphans(_storage, _register, job).Should().BeEmpty();

    private void Corrupt(string path)
    {
        _storage.DeleteAsync(path, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        _storage.CreateAllAsync(path, new byte[33], CancellationToken.None).AsTask().GetAwaiter().GetResult();
    }

    private string Copy(string source, string target)
    {
        _storage.CopyAsync(source, target, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        return target;
    }
}
