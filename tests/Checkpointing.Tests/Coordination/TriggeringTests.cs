using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Storage;
using Checkpointing.Storage.InMemory;
using Checkpointing.Testing.Storage;

namespace Checkpointing.Tests.Coordination;

/// <summary>When checkpoints begin, and what ends them: limits, pauses, cleaning, declines, late and unknown messages.
/// Cases of Flink's CheckpointCoordinatorTest and CheckpointCoordinatorTriggeringTest.</summary>
public sealed class TriggeringTests
{
    private readonly InMemoryCheckpointStorage _storage = new();
    private readonly InMemoryCheckpointRegister _register = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Start_Periodic_HoldsTheLimitAndAFreedSlotTriggersTheNextAtOnce(int limit)
    {
        var job = NewSilentJob(400, new()
        {
            Interval = TimeSpan.FromSeconds(10),
            Timeout = TimeSpan.FromHours(1),
            MaxConcurrent = limit,
        });
        for (var round = 0; round < limit + 3; round++)
        {
            job.Advance(TimeSpan.FromSeconds(10));
            job.RunUntilQuiet();
        }

        job.Coordinator.PendingCount.Should().Be(limit);

        Decline(job, 1, 0);
        job.RunUntilQuiet();

        job.Coordinator.PendingCount.Should().Be(limit, "the one that waited has begun");
        job.Trace.Should().Contain($"trigger {limit + 1} totals[0] base ");
        job.Trace.Should().NotContain($"trigger {limit + 2} totals[0] base ", "only one periodic request waits");
    }

    [Fact]
    public void TriggerAsync_NewerCompletesFirst_SubsumesTheOlderAndFreesItsSlot()
    {
        var job = NewSilentJob(401, new() { MaxConcurrent = 2 });
        var first = job.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
        var second = job.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
        var third = job.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
        job.RunUntilQuiet();
        third.IsCompleted.Should().BeFalse();

        Acknowledge(job, 2);

        second.Result.Id.Should().Be(new CheckpointId(2));
        ReasonOf(job, first).Should().Be(CheckpointFailureReason.Subsumed);
        job.Trace.Should().Contain("aborted 1 totals[0] Subsumed").And.Contain("trigger 3 totals[0] base 2");
        Acknowledge(job, 3);
        third.IsCompletedSuccessfully.Should().BeTrue();
    }

    [Fact]
    public void TriggerAsync_InterleavedAcknowledgements_CompleteEachByItself()
    {
        var job = NewSilentJob(402, new() { MaxConcurrent = 2 });
        var first = job.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
        var second = job.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
        job.RunUntilQuiet();

        Acknowledge(job, 1, 0);
        Acknowledge(job, 2, 0);
        Acknowledge(job, 1, 1);
        first.IsCompletedSuccessfully.Should().BeTrue();
        second.IsCompleted.Should().BeFalse();
        Acknowledge(job, 2, 1);
        second.IsCompletedSuccessfully.Should().BeTrue();
    }

    [Fact]
    public void TriggerAsync_CheckpointCompletes_LeavesOlderSavepointsPendingAndIsLeftByThem()
    {
        var job = NewSilentJob(403, new() { MaxConcurrent = 2 });
        var checkpoint = job.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
        var savepoint = job.Coordinator.TriggerAsync(CheckpointRequest.SavepointTo("savepoints"));
        var another = job.Coordinator.TriggerAsync(CheckpointRequest.SavepointTo("savepoints"));
        var newer = job.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
        job.RunUntilQuiet();
        job.Coordinator.PendingCount.Should().Be(4, "savepoints need no slot and no pause");

        Acknowledge(job, 3);
        another.IsCompletedSuccessfully.Should().BeTrue();
        checkpoint.IsCompleted.Should().BeFalse("a savepoint subsumes nothing");
        Acknowledge(job, 4);

        newer.IsCompletedSuccessfully.Should().BeTrue();
        ReasonOf(job, checkpoint).Should().Be(CheckpointFailureReason.Subsumed);
        savepoint.IsCompleted.Should().BeFalse("a savepoint is not subsumed");
        Acknowledge(job, 2);
        savepoint.Result.Id.Should().Be(new CheckpointId(2));
    }

    [Fact]
    public void DeclineAsync_TheOlderOfTwo_KeepsTheNewerAndASecondDeclineChangesNothing()
    {
        var job = NewSilentJob(404, new() { MaxConcurrent = 2 });
        var first = job.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
        var second = job.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
        job.RunUntilQuiet();

        Decline(job, 1, 0);
        Decline(job, 1, 1);
        Decline(job, 1, 0);

        ReasonOf(job, first).Should().Be(CheckpointFailureReason.TaskDeclined);
        job.Coordinator.PendingCount.Should().Be(1);
        Acknowledge(job, 2);
        second.IsCompletedSuccessfully.Should().BeTrue();
    }

    [Theory]
    [InlineData(CheckpointFailureReason.TaskNotReady, CheckpointFailureReason.TaskNotReady)]
    [InlineData(CheckpointFailureReason.SnapshotFailed, CheckpointFailureReason.SnapshotFailed)]
    [InlineData(CheckpointFailureReason.Fenced, CheckpointFailureReason.TaskDeclined)]
    [InlineData(CheckpointFailureReason.CoordinatorShutdown, CheckpointFailureReason.TaskDeclined)]
    public void DeclineAsync_WithAReason_IsBelievedInWhatATaskCanKnow(
        CheckpointFailureReason said, CheckpointFailureReason taken)
    {
        var job = NewSilentJob(405);
        var trigger = job.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
        job.RunUntilQuiet();

        _ = job.Coordinator.DeclineAsync(
            new(job.Coordinator.Subtasks[0], new(1), new CheckpointDeclinedException(new(1), said, "so it says")),
            default);

        ReasonOf(job, trigger).Should().Be(taken);
    }

    [Fact]
    public void DeclineAsync_MoreInARowThanTolerable_FailsTheJobAndASuccessBeginsAnew()
    {
        var job = NewSilentJob(406, new() { TolerableFailures = 1 });
        foreach (var fails in new[] { true, false, true, true })
        {
            var trigger = job.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
            job.RunUntilQuiet();
            job.Coordinator.Failure.IsCompleted.Should().BeFalse();
            var id = job.Trace.Count(line => line.StartsWith("trigger") && line.Contains("totals[0]"));
            if (fails)
            {
                Decline(job, id, 0);
                ReasonOf(job, trigger).Should().Be(CheckpointFailureReason.TaskDeclined);
            }
            else
            {
                Acknowledge(job, id);
            }
        }

        job.Coordinator.Failure.IsFaulted.Should().BeTrue();
        ReasonOf(job, job.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint)).Should()
            .Be(CheckpointFailureReason.CoordinatorShutdown);
    }

    [Fact]
    public void AcknowledgeAsync_Late_KeepsUploadsForTheNextAndDropsWhatOnlyTheEndedOneNamed()
    {
        var job = new SimulatedCluster(_storage, _register, "job", 407);
        job.Start();
        job.Work();
        job.Checkpoint();
        job.Work();
        job.SilentSubtasks.Add(1);
        var trigger = job.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
        while (!job.Trace.Contains("trigger 2 totals[1] base 1"))
        {
            job.Step().Should().BeTrue();
        }

        Decline(job, 2, 1);
        ReasonOf(job, trigger).Should().Be(CheckpointFailureReason.TaskDeclined);
        job.RunUntilQuiet();

        job.Trace.Should().Contain(line => line.StartsWith("acknowledge 2 totals[0]"));
        StoredState.FilesBelow(_storage, "job/chk-2").Should().BeEmpty("only checkpoint 2 named them");
        StoredState.MissingFiles(_storage, _register, "job").Should().BeEmpty("checkpoint 1 keeps its own");
        job.SilentSubtasks.Clear();
        job.Checkpoint().Cost.NewFiles.Should().Be(1, "what subtask 0 had stored serves the next one");
        job.RunUntilQuiet();
        StoredState.Orphans(_storage, _register, "job").Should().BeEmpty();
    }

    [Fact]
    public void AcknowledgeAsync_UnknownCheckpoint_DropsItsFiles_OtherJobsAreNotTouched()
    {
        var other = new SimulatedCluster(_storage, _register, "other", 408);
        other.Start();
        other.Work();
        var theirs = other.Checkpoint();
        var job = new SimulatedCluster(_storage, _register, "job", 409);
        job.Start();
        var me = job.Coordinator.Subtasks[0];
        var mine = "job/chk-77/1-0-00000000000000000000000000000001";
        _storage.CreateAllAsync(mine, new byte[1], default).AsTask().GetAwaiter().GetResult();
        var before = StoredState.FilesBelow(_storage, "other").ToList();

        _ = job.Coordinator.AcknowledgeAsync(new(me, new(77), Naming(mine)), default);
        foreach (var file in CheckpointReference.AllFiles(theirs))
        {
            // Of another job, and of ours with a stranger's files.
            _ = job.Coordinator.AcknowledgeAsync(
                new(other.Coordinator.Subtasks[0], new(77), Naming(file)), default);
            _ = job.Coordinator.AcknowledgeAsync(
                new(me with { Operator = "nobody" }, new(77), Naming(file)), default);
        }

        job.RunUntilQuiet();
        StoredState.FilesBelow(_storage, "job/chk-77").Should().BeEmpty();
        StoredState.FilesBelow(_storage, "other").Should().Equal(before);
    }

    [Fact]
    public void TriggerAsync_CleaningLags_WaitsAndForcedDoesNot()
    {
        var storage = new HoldingStorage(_storage) { Holds = true };
        var job = new SimulatedCluster(storage, _register, "job", 410, options: new() { MaxFilesToDelete = 0 });
        job.Start();
        job.Work();
        job.Checkpoint();
        job.Work();
        job.Checkpoint();
        job.RunUntilQuiet();

        var waiting = job.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
        var savepoint = job.Coordinator.TriggerAsync(CheckpointRequest.SavepointTo("savepoints"));
        job.RunUntilQuiet();

        waiting.IsCompleted.Should().BeFalse("files of checkpoint 1 wait to be deleted");
        savepoint.IsCompleted.Should().BeFalse();
        job.Checkpoint(CheckpointRequest.Checkpoint with { IsForced = true }).Id.Should().Be(new CheckpointId(3));
        storage.Holds = false;
        job.Advance(TimeSpan.FromMinutes(1));
        job.RunUntilQuiet();
        waiting.IsCompletedSuccessfully.Should().BeTrue("the storage has caught up");
        savepoint.IsCompletedSuccessfully.Should().BeTrue();
    }

    [Fact]
    public void TriggerAsync_CannotBeginWithinTheTimeout_IsDeclinedWithWhatItWaitedFor()
    {
        var job = NewSilentJob(431, new() { MaxConcurrent = 1, Timeout = TimeSpan.FromMinutes(10) });
        var pending = job.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
        job.RunUntilQuiet();
        job.Advance(TimeSpan.FromMinutes(1));
        var second = job.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
        var third = job.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
        job.RunUntilQuiet();

        job.Advance(TimeSpan.FromMinutes(9));
        job.RunUntilQuiet();
        ReasonOf(job, pending).Should().Be(CheckpointFailureReason.Expired);
        second.IsCompleted.Should().BeFalse("it has begun");
        third.IsCompleted.Should().BeFalse("it has a minute");

        job.Advance(TimeSpan.FromMinutes(1));
        job.RunUntilQuiet();
        ReasonOf(job, third).Should().Be(CheckpointFailureReason.TooManyConcurrentCheckpoints);
        third.Exception!.InnerException!.Message.Should().Contain("could not begin within 00:10:00");
        second.IsCompleted.Should().BeFalse();
    }

    [Fact]
    public void TriggerAsync_CleaningLagsAndTheQueueIsFull_TheDeclineSaysSo()
    {
        var storage = new HoldingStorage(_storage) { Holds = true };
        var job = new SimulatedCluster(
            storage, _register, "job", 411, options: new() { MaxFilesToDelete = 0, MaxWaitingRequests = 1 });
        job.Start();
        job.Work();
        job.Checkpoint();
        job.Checkpoint();
        job.RunUntilQuiet();
        var waiting = job.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);

        var refused = job.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);

        ReasonOf(job, refused).Should().Be(CheckpointFailureReason.CleaningLags);
        refused.Exception!.InnerException!.Message.Should().Contain("files wait to be deleted");
        waiting.IsCompleted.Should().BeFalse();
    }

    [Fact]
    public void TriggerAsync_QueueIsFull_TheNewcomerIsDeclined()
    {
        var job = NewSilentJob(412, new() { MaxWaitingRequests = 1 });
        var running = job.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
        var waiting = job.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
        var refused = job.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);

        ReasonOf(job, refused).Should().Be(CheckpointFailureReason.TooManyRequests);

        Acknowledge(job, 1);
        running.IsCompletedSuccessfully.Should().BeTrue();
        Acknowledge(job, 2);
        waiting.IsCompletedSuccessfully.Should().BeTrue();
    }

    [Fact]
    public void TriggerAsync_SwitchedOff_IsDeclinedUnlessForcedAndNothingIsPeriodic()
    {
        var job = new SimulatedCluster(
            _storage, _register, "job", 413,
            options: new() { IsEnabled = false, Interval = TimeSpan.FromSeconds(10) });
        job.Start();
        job.Work();
        job.Advance(TimeSpan.FromMinutes(1));

        ReasonOf(job, job.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint)).Should()
            .Be(CheckpointFailureReason.CheckpointingDisabled);

        job.Coordinator.LatestCompleted.Should().BeNull();
        job.Checkpoint(CheckpointRequest.Checkpoint with { IsForced = true }).Id.Should().Be(new CheckpointId(1));
    }

    [Fact]
    public void TriggerDirectly_CannotBeginNow_IsDeclinedAndDoesNotBeginLater()
    {
        var job = NewSilentJob(414);
        var running = job.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);

        var (messages, completion) = job.Coordinator.TriggerDirectly(CheckpointRequest.Checkpoint);

        messages.Should().BeEmpty();
        ReasonOf(job, completion).Should().Be(CheckpointFailureReason.TooManyConcurrentCheckpoints);
        Acknowledge(job, 1);
        running.IsCompletedSuccessfully.Should().BeTrue();
        job.Coordinator.PendingCount.Should().Be(0);
    }

    [Fact]
    public void TriggerAsync_FullCheckpoint_NamesNoBaseAndServesAsOne()
    {
        var job = new SimulatedCluster(_storage, _register, "job", 417);
        job.Start();
        job.Work();
        job.Checkpoint();

        var full = job.Checkpoint(CheckpointRequest.FullCheckpoint);
        job.Checkpoint();

        full.Properties.Kind.Should().Be(CheckpointKind.FullCheckpoint);
        job.Trace.Should().Contain("trigger 2 totals[0] base ").And.Contain("trigger 3 totals[0] base 2");
    }

    [Fact]
    public void TriggerAsync_WhatCannotBeAskedFor_IsRefusedBeforeAnythingHappens()
    {
        var job = NewSilentJob(415);
        Action kind = () => job.Coordinator.TriggerAsync(new((CheckpointKind)9));
        Action target = () => job.Coordinator.TriggerAsync(CheckpointRequest.SavepointTo("../outside"));

        kind.Should().Throw<ArgumentException>().WithMessage("*no checkpoint of kind 9*");
        target.Should().Throw<ArgumentException>();
        job.Coordinator.PendingCount.Should().Be(0);
    }

    [Fact]
    public void Start_MinPauseAndAPeriodicOneThatWaitedForASlot_KeepsThePauseToo()
    {
        var job = NewSilentJob(416, new()
        {
            Interval = TimeSpan.FromSeconds(10),
            MinPause = TimeSpan.FromSeconds(25),
            Timeout = TimeSpan.FromHours(1),
        });
        job.Advance(TimeSpan.FromSeconds(10));
        job.RunUntilQuiet();
        job.Advance(TimeSpan.FromSeconds(20));
        Acknowledge(job, 1);

        job.Advance(TimeSpan.FromSeconds(24));
        job.RunUntilQuiet();
        job.Coordinator.PendingCount.Should().Be(0, "the pause is not over");
        job.Advance(TimeSpan.FromSeconds(1));
        job.RunUntilQuiet();
        job.Coordinator.PendingCount.Should().Be(1, "25 s after the end of the first");
    }

    private static SubtaskSnapshot Naming(string path) =>
        SubtaskSnapshot.Empty with { Keyed = new KeyGroupsStateHandle(new(0, 7), [], new FileStateHandle(path, 1)) };

    private static void Acknowledge(SimulatedCluster job, int id, params int[] subtasks)
    {
        foreach (var subtask in subtasks.Length == 0 ? [0, 1] : subtasks)
        {
            _ = job.Coordinator.AcknowledgeAsync(
                new(job.Coordinator.Subtasks[subtask], new(id), SubtaskSnapshot.Empty), default);
        }

        job.RunUntilQuiet();
    }

    private static void Decline(SimulatedCluster job, int id, int subtask) =>
        _ = job.Coordinator.DeclineAsync(
            new(
                job.Coordinator.Subtasks[subtask], new(id),
                new CheckpointStorageUnavailableException("disk", "is full.")),
            default);

    private static CheckpointFailureReason ReasonOf(SimulatedCluster job, Task<CompletedCheckpoint> trigger)
    {
        job.RunUntilQuiet();
        trigger.IsFaulted.Should().BeTrue();
        return trigger.Exception!.InnerException.Should().BeOfType<CheckpointDeclinedException>().Which.Reason;
    }

    /// <summary>Its two subtasks answer only when the test says so.</summary>
    private SimulatedCluster NewSilentJob(int seed, CheckpointCoordinatorOptions? options = null)
    {
        var job = new SimulatedCluster(_storage, _register, "job", seed, options: options);
        job.Start();
        job.SilentSubtasks.UnionWith([0, 1]);
        return job;
    }

    /// <summary>Deletes nothing for a while.</summary>
    private sealed class HoldingStorage(ICheckpointStorage inner) : ForwardingStorage(inner)
    {
        public bool Holds { get; set; }

        public override ValueTask DeleteAsync(string path, CancellationToken cancellationToken) => Holds
            ? throw new CheckpointStorageUnavailableException(path, "cannot be deleted now.")
            : base.DeleteAsync(path, cancellationToken);
    }
}
