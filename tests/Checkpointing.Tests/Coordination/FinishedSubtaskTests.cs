using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.KeyGroups;
using Checkpointing.Metadata;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Storage.InMemory;

namespace Checkpointing.Tests.Coordination;

/// <summary>Checkpoints while subtasks finish one after another, and starting from such a checkpoint.</summary>
public sealed class FinishedSubtaskTests
{
    private readonly InMemoryCheckpointStorage _storage = new();
    private readonly InMemoryCheckpointRegister _register = new();

    [Fact]
    public void TriggerAsync_AfterSomeFinished_DoesWithoutThemAndMarksThem()
    {
        var job = NewCluster("job", 200, Topology("job"));
        job.Start();
        job.Work();
        job.Finish("source[0]", "source[1]", "totals[0]");

        var checkpoint = job.Checkpoint();

        job.Trace.Where(line => line.StartsWith("trigger 1")).Should().Equal("trigger 1 totals[1] base ");
        job.Trace.Where(line => line.StartsWith("completed 1")).Should().Equal("completed 1 totals[1]");
        var (source, totals) = (Operator(checkpoint, "source"), Operator(checkpoint, "totals"));
        source.IsFullyFinished.Should().BeTrue();
        source.Subtasks.Should().BeEmpty();
        totals.IsFullyFinished.Should().BeFalse();
        totals.Subtasks.Select(s => (s.Index, s.IsFinished, s.ManagedKeyed is not null)).Should()
            .BeEquivalentTo([(0, true, false), (1, false, true)]);
    }

    [Fact]
    public void ReportFinishedAsync_WhileACheckpointWaitsForIt_AbortsThatOneAndTheNextCompletes()
    {
        var job = NewCluster("job", 201, Topology("job"), new() { TolerableFailures = 0 });
        job.Start();
        job.Work();
        job.SilentSubtasks.Add(0);
        var trigger = job.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
        job.RunUntilQuiet();

        job.Finish("source[0]");
        job.RunUntilQuiet();

        trigger.Exception!.InnerException.Should().BeOfType<CheckpointDeclinedException>().Which.Reason.Should()
            .Be(CheckpointFailureReason.TaskFinished);
        job.Coordinator.Failure.IsCompleted.Should().BeFalse("nobody failed");
        job.SilentSubtasks.Clear();
        job.Checkpoint().Id.Should().Be(new CheckpointId(2));
    }

    [Fact]
    public void TriggerAsync_AllHaveFinished_IsDeclined()
    {
        var job = NewCluster("job", 202, Topology("job"));
        job.Start();
        job.Finish("source[0]", "source[1]", "totals[0]", "totals[1]");

        job.Invoking(j => j.Checkpoint()).Should().Throw<CheckpointDeclinedException>()
            .WithMessage("*all tasks have finished*").Which.Reason.Should()
            .Be(CheckpointFailureReason.TasksNotRunning);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void RecoverAsync_OperatorHadFinished_DoesNotStartAgainAtAnyParallelism(int parallelism)
    {
        var first = NewCluster("job", 203, Topology("job"));
        first.Start();
        first.Work();
        first.Finish("source[0]", "source[1]");
        first.Checkpoint();

        var second = NewCluster("job", 204, Topology("job", parallelism));
        var restored = second.Start()!;

        foreach (var subtask in second.Coordinator.Subtasks)
        {
            restored.StateOf(subtask).IsFinished.Should().Be(subtask.Operator == "source");
        }

        second.Work();
        var next = second.Checkpoint();
        Operator(next, "source").IsFullyFinished.Should().BeTrue();
        second.Trace.Where(line => line.StartsWith("trigger")).Should().HaveCount(parallelism)
            .And.OnlyContain(line => line.Contains("totals["), "nothing running feeds them");
    }

    [Fact]
    public void ResumeAsync_FromAnotherJobWhoseSourceHadFinished_KnowsItToo()
    {
        var first = NewCluster("first", 205, Topology("first"));
        first.Start();
        first.Work();
        first.Finish("source[0]", "source[1]");
        var checkpoint = first.Checkpoint();

        var second = NewCluster("second", 206, Topology("second"));
        second.Start(checkpoint.Path);
        second.Work();

        Operator(second.Checkpoint(), "source").IsFullyFinished.Should().BeTrue();
    }

    [Fact]
    public void RecoverAsync_AfterAFailure_ASubtaskThatFinishedMeanwhileStartsAgain()
    {
        var job = NewCluster("job", 207, Topology("job"));
        job.Start();
        job.Work();
        job.Checkpoint();
        job.Finish("source[0]", "source[1]");

        job.Start();
        job.Work();

        Operator(job.Checkpoint(), "source").IsFullyFinished.Should().BeFalse("the checkpoint was from before");
    }

    [Fact]
    public void RecoverAsync_FinishedOperatorIsFedByANewOne_IsRefused()
    {
        var first = NewCluster("job", 208, Topology("job"));
        first.Start();
        first.Work();
        first.Finish("source[0]", "source[1]");
        first.Checkpoint();
        var changed = new JobTopology("job", SimulatedCluster.MaxParallelism)
        {
            { "newcomer", 1, true },
            { "source", 2, true },
            { "totals", 2 },
        }
            .Connect("newcomer", "source").Connect("source", "totals");

        var second = NewCluster("job", 209, changed);

        second.Invoking(s => s.Start()).Should().Throw<StateMigrationException>()
            .WithMessage("*'newcomer' feeding it, which has not finished*");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void CheckFeeding_PartlyFinishedBehindWhatHasNotFinished_IsRefusedUnlessForward(bool isForward)
    {
        var topology = new JobTopology("job", 16) { { "source", 2, true }, { "totals", 2 } }
            .Connect("source", "totals", isForward);
        var metadata = new CheckpointMetadata(
            new(1), [],
            [
                new(OperatorId.FromName("source"), 2, 16, []),
                new(OperatorId.FromName("totals"), 2, 16, [new(0) { IsFinished = true }]),
            ]);

        var check = () => FinishedOperators.CheckFeeding(metadata, topology);

        if (isForward)
        {
            check.Should().NotThrow();
        }
        else
        {
            check.Should().Throw<StateMigrationException>().WithMessage("*partly finished*");
        }
    }

    [Fact]
    public void AcknowledgeAsync_UnionStateOfAPartlyFinishedOperator_AbortsTheCheckpoint()
    {
        var job = NewCluster("job", 210, Topology("job"));
        job.Start();
        job.Work();
        job.Finish("source[0]");
        job.SilentSubtasks.UnionWith([0, 1]);
        var trigger = job.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
        job.RunUntilQuiet();

        foreach (var subtask in job.Coordinator.Subtasks.Where(s => s.ToString() != "source[0]"))
        {
            var union = subtask.Operator == "source"
                ? new OperatorStateHandle(
                    [new("splits", OperatorStateMode.Union, [0])], new ByteStreamStateHandle("s", [1]))
                : null;
            _ = job.Coordinator.AcknowledgeAsync(
                new(subtask, new(1), SubtaskSnapshot.Empty with { Operator = union }), CancellationToken.None);
        }

        job.RunUntilQuiet();
        trigger.Exception!.InnerException.Should().BeOfType<CheckpointDeclinedException>().Which.Reason.Should()
            .Be(CheckpointFailureReason.PartlyFinishedUnionState);
    }

    private static JobTopology Topology(string job, int totals = 2) =>
        new JobTopology(job, SimulatedCluster.MaxParallelism) { { "source", 2, true }, { "totals", totals } }
            .Connect("source", "totals");

    private static OperatorCheckpoint Operator(CompletedCheckpoint checkpoint, string name) =>
        checkpoint.Metadata.Operators.Single(o => o.Name == name);

    private SimulatedCluster NewCluster(
        string job, int seed, JobTopology topology, CheckpointCoordinatorOptions? options = null) =>
        new(_storage, _register, job, seed, options: options, topology: topology);
}
