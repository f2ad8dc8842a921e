using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Statistics;
using Checkpointing.Storage.InMemory;

namespace Checkpointing.Tests.Coordination;

public sealed class CoordinatorStatisticsTests
{
    private readonly InMemoryCheckpointStorage _storage = new();
    private readonly InMemoryCheckpointRegister _register = new();

    [Fact]
    public void Completed_ReportEqualsTheCheckpoint()
    {
        var cluster = Started(new() { MaxRetainedCheckpoints = 1 });
        cluster.Work();
        var first = cluster.Checkpoint();
        cluster.Work();
        var second = cluster.Checkpoint();
        cluster.RunUntilQuiet();

        var statistics = cluster.Coordinator.Statistics;
        (statistics.Counts.Completed, statistics.Counts.Triggered, statistics.Counts.InProgress).Should()
            .Be((2L, 2L, 0));
        statistics.History.Select(static one => one.IsDiscarded).Should().Equal(true, false);
        foreach (var (checkpoint, report) in new[] { first, second }.Zip(statistics.History))
        {
            (report.Id, report.Path, report.Duration).Should()
                .Be((checkpoint.Id, checkpoint.Path, checkpoint.Duration));
            report.Cost.Should().Be(checkpoint.Cost);
            report.StateSizeBytes.Should().Be(checkpoint.Metadata.StateSizeBytes).And.BePositive();
            report.Subtasks.Sum(static one => one.StateSizeBytes).Should()
                .Be(report.StateSizeBytes, "placeholders are counted as the files they stand for");
            report.MetadataSizeBytes.Should().BePositive();
            report.Subtasks.Should().HaveCount(2);
        }
    }

    [Fact]
    public void Failures_AreCountedByReason()
    {
        var cluster = Started(new() { Timeout = TimeSpan.FromSeconds(10) });
        cluster.SilentSubtasks.Add(1);
        var expired = cluster.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
        cluster.RunUntilQuiet();
        cluster.Coordinator.Statistics.InProgress.Should().ContainSingle().Which.AcknowledgedCount.Should().Be(1);
        cluster.Advance(TimeSpan.FromSeconds(11));
        cluster.RunUntilQuiet();
        cluster.SilentSubtasks.Clear();
        cluster.DeclinePercent = 100;
        var declined = cluster.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
        cluster.RunUntilQuiet();

        expired.IsFaulted.Should().BeTrue();
        declined.IsFaulted.Should().BeTrue();
        var statistics = cluster.Coordinator.Statistics;
        statistics.Counts.FailedByReason.Should().Equal(new Dictionary<CheckpointFailureReason, long>
        {
            [CheckpointFailureReason.TaskDeclined] = 1, [CheckpointFailureReason.Expired] = 1,
        });
        statistics.History[0].Duration.Should().Be(TimeSpan.FromSeconds(11));
        statistics.History[1].FailedSubtask.Should().StartWith("totals[");
        statistics.LatestFailed.Should().BeSameAs(statistics.History[1]);
    }

    [Fact]
    public void Restored_IsReportedOnceTasksRun()
    {
        var first = Started();
        first.Work();
        var checkpoint = first.Checkpoint();

        var second = new SimulatedCluster(_storage, _register, "job", seed: 2);
        var restored = second.Run(second.Coordinator.RecoverAsync());
        second.Coordinator.Statistics.LatestRestored.Should().BeNull("no task runs yet");
        second.Advance(TimeSpan.FromSeconds(3));
        second.StartTasks(restored);

        var report = second.Coordinator.Statistics.LatestRestored;
        report.Should().Be(new RestoreReport(
            checkpoint.Id, checkpoint.Path, CheckpointKind.Checkpoint, IsForeign: false, Epoch: 2, Attempt: 0,
            second.Time.GetUtcNow(), TimeSpan.FromSeconds(3)));
        second.Coordinator.Statistics.Counts.Restored.Should().Be(1);
    }

    [Fact]
    public void Refused_WhileTasksDoNotRun_IsNoFailure()
    {
        var cluster = new SimulatedCluster(_storage, _register, "job", seed: 1);
        cluster.Run(cluster.Coordinator.RecoverAsync());
        var refused = cluster.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
        cluster.RunUntilQuiet();

        refused.IsFaulted.Should().BeTrue();
        cluster.Coordinator.Statistics.Counts.Should().Be(CheckpointCounts.Zero with { Refused = 1 });
    }

    private SimulatedCluster Started(CheckpointCoordinatorOptions? options = null)
    {
        var cluster = new SimulatedCluster(_storage, _register, "job", seed: 1, options: options);
        cluster.Start();
        return cluster;
    }
}
