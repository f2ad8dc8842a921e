using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Storage.InMemory;

namespace Checkpointing.Tests.Coordination;

/// <summary>Ending with a savepoint: nothing begins beside it, tasks end with it, or all go on.</summary>
public sealed class StopWithSavepointTests
{
    private readonly InMemoryCheckpointStorage _storage = new();
    private readonly InMemoryCheckpointRegister _register = new();

    [Theory]
    [InlineData(StopMode.Suspend)]
    [InlineData(StopMode.Drain)]
    public void StopWithSavepointAsync_AllAcknowledge_TellsTasksToEndAndBeginsNothingMore(StopMode mode)
    {
        var job = NewCluster(100, new() { Interval = TimeSpan.FromSeconds(10) });
        job.Start();
        job.Work();

        var savepoint = job.Run(job.Coordinator.StopWithSavepointAsync("savepoints", mode));

        savepoint.Properties.Kind.Should().Be(CheckpointKind.Savepoint);
        savepoint.Path.Should().StartWith("savepoints/savepoint-job-");
        job.Trace.Where(line => line.StartsWith("completed 1 ")).Should().BeEquivalentTo(
            $"completed 1 totals[0] stop {mode}", $"completed 1 totals[1] stop {mode}");
        job.Advance(TimeSpan.FromMinutes(1));
        job.RunUntilQuiet();
        job.Trace.Should().NotContain(line => line.StartsWith("trigger 2"), "the period has ended");
        ReasonOf(job, job.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint)).Should()
            .Be(CheckpointFailureReason.JobStopping);
        job.Run(job.Coordinator.EndAsync(JobTermination.Finished));
        StoredState.FilesBelow(_storage, savepoint.Path).Should().NotBeEmpty("it is the user's");
    }

    [Fact]
    public void StopWithSavepointAsync_ATaskDeclines_AllGoOnAndSoDoCheckpoints()
    {
        var job = NewCluster(101, new() { Interval = TimeSpan.FromSeconds(10), TolerableFailures = 0 });
        job.Start();
        job.Work();
        job.DeclinePercent = 100;

        var stop = job.Coordinator.StopWithSavepointAsync("savepoints", StopMode.Suspend);
        job.RunUntilQuiet();

        ReasonOf(job, stop).Should().Be(CheckpointFailureReason.TaskDeclined);
        job.Trace.Should().Contain("aborted 1 totals[0] TaskDeclined stop Suspend");
        job.Trace.Should().Contain("aborted 1 totals[1] TaskDeclined stop Suspend");
        job.Coordinator.Failure.IsCompleted.Should().BeFalse("a savepoint is no checkpoint that counts");
        job.DeclinePercent = 0;
        job.Advance(TimeSpan.FromSeconds(11));
        job.RunUntilQuiet();
        job.Coordinator.LatestCompleted!.Id.Should().Be(new CheckpointId(2), "the period goes on");
    }

    [Fact]
    public void StopWithSavepointAsync_ACheckpointIsPending_ThatGoesOnAndPushesNothingOut()
    {
        var job = NewCluster(102, new() { MaxConcurrent = 3 });
        job.Start();
        job.Work();
        var before = job.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
        var stop = job.Coordinator.StopWithSavepointAsync("savepoints", StopMode.Suspend);
        var beside = job.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
        var second = job.Coordinator.StopWithSavepointAsync("savepoints", StopMode.Suspend);

        job.RunUntilQuiet();

        stop.Result.Id.Should().Be(new CheckpointId(2));
        before.IsCompleted.Should().BeTrue("it completed before the savepoint, or was given up with it");
        ReasonOf(job, beside).Should().Be(CheckpointFailureReason.JobStopping, "nothing begins beside it");
        ReasonOf(job, second).Should().Be(CheckpointFailureReason.JobStopping, "a job ends once");
    }

    [Fact]
    public void StopWithSavepointAsync_RequestsWait_TheyBeginAfterAFailureAndNotAfterASuccess()
    {
        foreach (var fails in new[] { true, false })
        {
            var job = NewCluster(103, new() { Timeout = TimeSpan.FromSeconds(5) }, fails ? "first" : "second");
            job.Start();
            job.Work();
            var running = job.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
            var waiting = job.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
            var stop = job.Coordinator.StopWithSavepointAsync("savepoints", StopMode.Suspend);
            job.DeclinePercent = fails ? 100 : 0;
            while (!stop.IsCompleted)
            {
                job.Step().Should().BeTrue();
            }

            job.DeclinePercent = 0;
            job.RunUntilQuiet();

            running.IsCompleted.Should().BeTrue();
            stop.IsFaulted.Should().Be(fails);
            if (fails)
            {
                waiting.IsCompleted.Should().BeTrue("its turn came");
                job.Checkpoint().Id.Value.Should().BePositive();
            }
            else
            {
                ReasonOf(job, waiting).Should().Be(CheckpointFailureReason.JobStopping);
            }
        }
    }

    [Fact]
    public void StopWithSavepointAsync_TasksDoNotRun_IsDeclinedAndLeavesNoStopBehind()
    {
        var job = NewCluster(104);
        job.Run(job.Coordinator.RecoverAsync());

        ReasonOf(job, job.Coordinator.StopWithSavepointAsync("savepoints", StopMode.Suspend)).Should()
            .Be(CheckpointFailureReason.TasksNotRunning);

        job.StartTasks(null);
        job.Work();
        job.Checkpoint().Id.Should().Be(new CheckpointId(1));
    }

    [Fact]
    public void StopWithSavepointAsync_TheAttemptEnds_FailsAndTheNextAttemptTriggers()
    {
        var job = NewCluster(105);
        job.Start();
        job.Work();
        job.SilentSubtasks.Add(0);
        var stop = job.Coordinator.StopWithSavepointAsync("savepoints", StopMode.Drain);
        job.RunUntilQuiet();

        job.Start();

        ReasonOf(job, stop).Should().Be(CheckpointFailureReason.AttemptEnded);
        job.SilentSubtasks.Clear();
        job.Work();
        job.Checkpoint().Id.Should().Be(new CheckpointId(2));
    }

    [Fact]
    public void StopWithSavepointAsync_BadArguments_AreRefusedBeforeAnythingHappens()
    {
        var job = NewCluster(106);
        job.Start();

        Action outside = () => job.Coordinator.StopWithSavepointAsync("../elsewhere", StopMode.Drain);
        Action unknown = () => job.Coordinator.StopWithSavepointAsync("savepoints", (StopMode)7);
        outside.Should().Throw<ArgumentException>();
        unknown.Should().Throw<ArgumentException>();

        job.Work();
        job.Checkpoint().Id.Should().Be(new CheckpointId(1));
    }

    private static CheckpointFailureReason ReasonOf(SimulatedCluster job, Task<CompletedCheckpoint> trigger)
    {
        job.RunUntilQuiet();
        trigger.IsFaulted.Should().BeTrue();
        return trigger.Exception!.InnerException.Should().BeOfType<CheckpointDeclinedException>().Which.Reason;
    }

    private SimulatedCluster NewCluster(int seed, CheckpointCoordinatorOptions? options = null, string job = "job") =>
        new(_storage, _register, job, seed, options: options);
}
