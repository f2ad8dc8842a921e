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

    [Fact]
    public void NewProcess_ShowsTheHistoryAndWhatHasLeftTheList()
    {
        var first = Started(new() { MaxRetainedCheckpoints = 2 });
        for (var i = 0; i < 4; i++)
        {
            first.Work();
            first.Checkpoint();
        }

        first.RunUntilQuiet();
        first.Advance(TimeSpan.FromSeconds(10));
        first.RunUntilQuiet();

        // It goes on and is killed: what it did in the last ten seconds was not written.
        first.Work();
        var lost = first.Checkpoint();
        var second = new SimulatedCluster(
            _storage, _register, "job", seed: 2, options: new() { MaxRetainedCheckpoints = 2 });
        second.Start();
        second.RunUntilQuiet();

        var statistics = second.Coordinator.Statistics;
        statistics.HasEarlierHistory.Should().BeTrue();
        statistics.History.Select(static one => (one.Id.Value, one.IsDiscarded)).Should()
            .Equal((1L, true), (2L, true), (3L, true), (4L, false));
        statistics.LatestRestored!.Id.Should().Be(lost.Id);
        StoredState.Orphans(_storage, _register, "job").Should().BeEmpty();
        StatisticsFiles().Should().ContainSingle("no sweep takes them");
    }

    [Fact]
    public void OlderProcess_FencedWritesNothing()
    {
        var zombie = Started();
        zombie.Work();
        zombie.Checkpoint();
        var second = new SimulatedCluster(_storage, _register, "job", seed: 2);
        second.Start();
        second.RunUntilQuiet();
        zombie.Work();
        var fenced = zombie.Coordinator.TriggerAsync(CheckpointRequest.Checkpoint);
        zombie.RunUntilQuiet();
        zombie.Advance(TimeSpan.FromMinutes(1));
        zombie.RunUntilQuiet();

        fenced.IsFaulted.Should().BeTrue();
        StatisticsFiles().Should().BeEmpty();
        zombie.Coordinator.Statistics.LatestFailed!.FailureReason.Should().Be(CheckpointFailureReason.Fenced);
    }

    [Theory]
    [InlineData(JobTermination.Suspended, CheckpointRetention.OnFailure, true)]
    [InlineData(JobTermination.Failed, CheckpointRetention.OnFailure, true)]
    [InlineData(JobTermination.Cancelled, CheckpointRetention.OnCancellation, true)]
    [InlineData(JobTermination.Cancelled, CheckpointRetention.OnFailure, false)]
    [InlineData(JobTermination.Finished, CheckpointRetention.OnCancellation, false)]
    public void Ended_StatisticsStayAsLongAsTheJobKeepsAnything(
        JobTermination termination, CheckpointRetention retention, bool stay)
    {
        var options = new CheckpointCoordinatorOptions { Retention = retention };
        var first = Started(options);
        first.Work();
        first.Checkpoint();
        first.Run(first.Coordinator.EndAsync(JobTermination.Suspended));
        StatisticsFiles().Should().ContainSingle();
        var second = new SimulatedCluster(_storage, _register, "job", seed: 2, options: options);
        second.Start();
        second.Work();
        second.Checkpoint();
        second.Run(second.Coordinator.EndAsync(termination));

        StatisticsFiles().Should().HaveCount(stay ? 2 : 0);
        second.Coordinator.Statistics.History.Should().HaveCount(2, "what is in memory stays readable");
        if (!stay)
        {
            StoredState.FilesBelow(_storage, "").Should().BeEmpty();
        }
    }

    [Fact]
    public void Claimed_TheOtherJobsStatisticsGo()
    {
        var other = new SimulatedCluster(_storage, _register, "other", seed: 3);
        other.Start();
        other.Work();
        var checkpoint = other.Checkpoint();
        other.Run(other.Coordinator.EndAsync(JobTermination.Suspended));
        StoredState.FilesBelow(_storage, "other/statistics").Should().ContainSingle();

        var cluster = new SimulatedCluster(_storage, _register, "job", seed: 1);
        cluster.Start(checkpoint.Path, ClaimMode.Claim);
        cluster.RunUntilQuiet();

        StoredState.FilesBelow(_storage, "other/statistics").Should().BeEmpty();
    }

    [Fact]
    public void StoredNot_NothingIsWritten()
    {
        var cluster = Started(new() { StoresStatistics = false });
        cluster.Work();
        cluster.Checkpoint();
        cluster.Advance(TimeSpan.FromMinutes(1));
        cluster.Run(cluster.Coordinator.EndAsync(JobTermination.Suspended));

        StatisticsFiles().Should().BeEmpty();
        cluster.Coordinator.Statistics.Counts.Completed.Should().Be(1);
    }

    private IReadOnlyList<string> StatisticsFiles() => StoredState.FilesBelow(_storage, "job/statistics");

    private SimulatedCluster Started(CheckpointCoordinatorOptions? options = null)
    {
        var cluster = new SimulatedCluster(_storage, _register, "job", seed: 1, options: options);
        cluster.Start();
        return cluster;
    }
}
