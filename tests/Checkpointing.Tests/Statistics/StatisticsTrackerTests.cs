using Checkpointing.StateHandles;
using Checkpointing.Statistics;
using CsCheck;

namespace Checkpointing.Tests.Statistics;

public sealed class StatisticsTrackerTests
{
    private static readonly DateTimeOffset s_start = DateTimeOffset.UnixEpoch.AddYears(50);

    [Fact]
    public void Snapshot_New_IsEmpty()
    {
        var statistics = new StatisticsTracker("job", 10).Snapshot;

        statistics.Job.Should().Be(new JobId("job"));
        statistics.Counts.Should().Be(CheckpointCounts.Zero);
        statistics.History.Should().BeEmpty();
        statistics.InProgress.Should().BeEmpty();
        statistics.Summary.Duration.Count.Should().Be(0);
    }

    [Fact]
    public void Completed_HasWhatItsSubtasksReported()
    {
        var tracker = new StatisticsTracker("job", 10);
        Trigger(tracker, 7, subtasks: 2);
        var first = new SnapshotCost(100, 1, 50, 2) { Transfers = TransferCounts.Linked(100) };
        var second = new SnapshotCost(10, 1, 0, 0) { Transfers = TransferCounts.Streamed(10) };
        Acknowledge(tracker, 7, 0, after: 2, new(Ms(1), Ms(20), Ms(3), Ms(40)), 150, first);
        Acknowledge(tracker, 7, 1, after: 3, new(Ms(10), Ms(2), Ms(30), Ms(4)), 10, second);

        var pending = tracker.Snapshot.InProgress.Should().ContainSingle().Subject;
        var ended = tracker.Handle(new StatisticsEvent.Completed(new(7), s_start + Ms(5), 161, 1_000));

        pending.Outcome.Should().Be(CheckpointOutcome.InProgress);
        (pending.AcknowledgedCount, pending.SubtaskCount).Should().Be((2, 2));
        var report = tracker.Snapshot.History.Should().ContainSingle().Subject;
        report.Should().BeSameAs(ended);
        report.Outcome.Should().Be(CheckpointOutcome.Completed);
        report.Duration.Should().Be(Ms(5));
        report.StateSizeBytes.Should().Be(161);
        report.MetadataSizeBytes.Should().Be(1_000);
        report.Cost.Should().Be(first + second);
        report.LongestTimes.Should().Be(new SnapshotTimes(Ms(10), Ms(20), Ms(30), Ms(40)));
        report.Subtasks.Select(static one => (one.ToString(), one.AcknowledgedAfter, one.StateSizeBytes)).Should()
            .Equal(("op[0]", Ms(2), 150L), ("op[1]", Ms(3), 10L));
        tracker.Snapshot.LatestCompleted.Should().BeSameAs(report);
        tracker.Snapshot.InProgress.Should().BeEmpty();
    }

    [Fact]
    public void Failed_IsCountedByReasonAndKeepsWhatWasAcknowledged()
    {
        var tracker = new StatisticsTracker("job", 10);
        Trigger(tracker, 1, subtasks: 2);
        Acknowledge(tracker, 1, 0, after: 1, default, 150, new(100, 1, 0, 0));
        Fail(tracker, 1, CheckpointFailureReason.Expired, new string('x', 2_000), "op[1]");
        Trigger(tracker, 2);
        Fail(tracker, 2, CheckpointFailureReason.Expired);
        Trigger(tracker, 3);
        Fail(tracker, 3, CheckpointFailureReason.TaskDeclined);
        tracker.Handle(new StatisticsEvent.Refused(CheckpointFailureReason.TasksNotRunning));

        var statistics = tracker.Snapshot;
        statistics.Counts.FailedByReason.Should().BeEquivalentTo(new Dictionary<CheckpointFailureReason, long>
        {
            [CheckpointFailureReason.Expired] = 2, [CheckpointFailureReason.TaskDeclined] = 1,
        });
        (statistics.Counts.Triggered, statistics.Counts.Failed, statistics.Counts.Refused).Should().Be((3L, 3L, 1L));
        var first = statistics.History[0];
        (first.FailureReason, first.FailedSubtask).Should().Be((CheckpointFailureReason.Expired, "op[1]"));
        first.FailureDetail.Should().HaveLength(500);
        first.Subtasks.Should().ContainSingle().Which.StateSizeBytes.Should().Be(150);
        statistics.LatestFailed!.Id.Should().Be(new CheckpointId(3));
        statistics.LatestCompleted.Should().BeNull();
    }

    [Fact]
    public void Savepoint_IsNoLatestCheckpointAndNeverDiscarded()
    {
        var tracker = new StatisticsTracker("job", 10);
        Trigger(tracker, 1);
        Complete(tracker, 1);
        Trigger(tracker, 2, CheckpointKind.Savepoint);
        Complete(tracker, 2);
        tracker.Handle(new StatisticsEvent.Discarded("job/1"));
        tracker.Handle(new StatisticsEvent.Discarded("job/2"));

        var statistics = tracker.Snapshot;
        statistics.LatestCompleted!.Id.Should().Be(new CheckpointId(1));
        statistics.LatestSavepoint!.Id.Should().Be(new CheckpointId(2));
        statistics.History.Select(static one => one.IsDiscarded).Should().Equal(true, false);
        statistics.LatestCompleted.IsDiscarded.Should().BeTrue();
    }

    [Fact]
    public void Snapshot_TakenBefore_DoesNotChange()
    {
        var tracker = new StatisticsTracker("job", 2);
        Trigger(tracker, 1);
        var before = tracker.Snapshot;
        var waiting = before.InProgress[0];
        for (var id = 1; id <= 5; id++)
        {
            if (id > 1)
            {
                Trigger(tracker, id);
            }

            Acknowledge(tracker, id, 0, after: 1, default, 10, default);
            Complete(tracker, id);
        }

        before.Counts.Should().Be(CheckpointCounts.Zero with { InProgress = 1 });
        before.History.Should().BeEmpty();
        waiting.AcknowledgedCount.Should().Be(0);
        waiting.Subtasks.Should().BeEmpty();
    }

    [Fact]
    public void Handle_CheckpointThatIsNotInProgress_ChangesNothing()
    {
        var tracker = new StatisticsTracker("job", 2);

        Complete(tracker, 1).Should().BeNull();
        Fail(tracker, 1, CheckpointFailureReason.Expired).Should().BeNull();
        Acknowledge(tracker, 1, 0, after: 1, default, 10, default);

        tracker.Snapshot.Counts.Should().Be(CheckpointCounts.Zero);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1_000)]
    public void History_HasAtMostItsLimit(int limit)
    {
        var tracker = new StatisticsTracker("job", limit);
        for (var id = 1; id <= 1_200; id++)
        {
            Trigger(tracker, id);
            Complete(tracker, id);
        }

        var statistics = tracker.Snapshot;
        statistics.History.Select(static one => one.Id.Value).Should()
            .Equal(Enumerable.Range(1_201 - limit, limit).Select(static id => (long)id));
        statistics.Counts.Completed.Should().Be(1_200);
        statistics.LatestCompleted!.Id.Value.Should().Be(1_200);
    }

    [Fact]
    public void History_ManySubtasks_OldestLoseTheirDetailsFirst()
    {
        var tracker = new StatisticsTracker("job", 100);
        const int Subtasks = 1_000;
        for (var id = 1; id <= 30; id++)
        {
            Trigger(tracker, id, subtasks: Subtasks);
            for (var index = 0; index < Subtasks; index++)
            {
                Acknowledge(tracker, id, index, after: 1, default, 1, default);
            }

            Complete(tracker, id);
        }

        var history = tracker.Snapshot.History;
        history.Select(static one => one.Subtasks.Count).Should()
            .Equal(Enumerable.Repeat(0, 10).Concat(Enumerable.Repeat(Subtasks, 20)));
        history.Should().OnlyContain(static one => one.AcknowledgedCount == Subtasks);
    }

    [Fact]
    public void AddEarlier_GoesBeforeAndFillsWhatIsMissing()
    {
        var before = new StatisticsTracker("job", 3);
        Trigger(before, 1);
        Complete(before, 1);
        Trigger(before, 2, CheckpointKind.Savepoint);
        Complete(before, 2);
        Trigger(before, 3);
        Fail(before, 3, CheckpointFailureReason.Expired);
        Trigger(before, 4);
        var tracker = new StatisticsTracker("job", 3);
        Trigger(tracker, 17);
        Complete(tracker, 17);

        tracker.Snapshot.HasEarlierHistory.Should().BeFalse();
        tracker.AddEarlier(before.Snapshot, static path => path == "job/17");

        var statistics = tracker.Snapshot;
        statistics.HasEarlierHistory.Should().BeTrue();
        statistics.History.Select(static one => (one.Id.Value, one.IsDiscarded)).Should()
            .Equal((2L, false), (3L, false), (17L, false));
        (statistics.Counts.Triggered, statistics.Counts.InProgress).Should().Be((4L, 0));
        statistics.Counts.FailedByReason[CheckpointFailureReason.Expired].Should().Be(1);
        statistics.LatestCompleted!.Id.Value.Should().Be(17);
        statistics.LatestSavepoint!.Id.Value.Should().Be(2);
        statistics.LatestFailed!.Id.Value.Should().Be(3);
    }

    // Model: lists of what happened.
    [Fact]
    public void AnyEvents_CountsAndRingEqualTheModel() =>
        Gen.Select(Gen.Int[0, 4], Gen.Int[1, 6]).Array[0, 120].Sample(steps =>
        {
            const int Limit = 5;
            var tracker = new StatisticsTracker("job", Limit);
            var pending = new List<long>();
            var ended = new List<(long Id, bool IsCompleted)>();
            var next = 0L;
            foreach (var (kind, which) in steps)
            {
                if (kind <= 1)
                {
                    Trigger(tracker, ++next);
                    pending.Add(next);
                }
                else if (pending.Count > 0)
                {
                    var id = pending[which % pending.Count];
                    pending.Remove(id);
                    ended.Add((id, kind != 2));
                    _ = kind == 2
                        ? Fail(tracker, id, (CheckpointFailureReason)which)
                        : Complete(tracker, id);
                }

                var statistics = tracker.Snapshot;
                var counts = statistics.Counts;
                statistics.History.Select(static one => (one.Id.Value, one.Outcome == CheckpointOutcome.Completed))
                    .Should().Equal(ended.TakeLast(Limit));
                statistics.InProgress.Select(static one => one.Id.Value).Should().Equal(pending.Order());
                (counts.Triggered, (long)counts.InProgress, counts.Completed, counts.Failed).Should().Be(
                    (next, (long)pending.Count, ended.Count(static one => one.IsCompleted),
                        ended.Count(static one => !one.IsCompleted)));
                counts.FailedByReason.Values.Sum().Should().Be(counts.Failed);
            }
        });

    // Readers on other threads while one writes: whatever they see fits together.
    [Fact]
    public async Task Snapshot_ReadBesideAWriter_IsAlwaysWhole()
    {
        var tracker = new StatisticsTracker("job", 50);
        using var done = new CancellationTokenSource();
        var reading = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            var count = 0;
            while (!done.IsCancellationRequested || count == 0)
            {
                var statistics = tracker.Snapshot;
                Assert.Equal(statistics.Counts.InProgress, statistics.InProgress.Count);
                Assert.Equal(Math.Min(50, statistics.Counts.Completed), statistics.History.Count);
                Assert.All(statistics.InProgress, static one => Assert.DoesNotContain(null, one.Subtasks));
                count++;
            }

            return count;
        })).ToArray();
        for (var id = 1; id <= 3_000; id++)
        {
            Trigger(tracker, id, subtasks: 4);
            for (var index = 0; index < 4; index++)
            {
                Acknowledge(tracker, id, index, after: 1, default, 1, default);
            }

            Complete(tracker, id);
        }

        await done.CancelAsync();
        (await Task.WhenAll(reading)).Should().OnlyContain(static count => count > 0);
    }

    private static TimeSpan Ms(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    private static void Trigger(
        StatisticsTracker tracker, long id, CheckpointKind kind = CheckpointKind.Checkpoint, int subtasks = 1) =>
        tracker.Handle(new StatisticsEvent.Triggered(new(id), kind, 1, 0, s_start, $"job/{id}", subtasks));

    private static void Acknowledge(
        StatisticsTracker tracker, long id, int index, int after, SnapshotTimes times, long size, SnapshotCost cost) =>
        tracker.Handle(new StatisticsEvent.Acknowledged(
            new(id), "op", index, s_start + Ms(after), times, size, cost));

    private static CheckpointReport? Complete(StatisticsTracker tracker, long id) =>
        tracker.Handle(new StatisticsEvent.Completed(new(id), s_start + Ms(10), 100, 10));

    private static CheckpointReport? Fail(
        StatisticsTracker tracker, long id, CheckpointFailureReason reason, string detail = "why",
        string? subtask = null) =>
        tracker.Handle(new StatisticsEvent.Failed(new(id), s_start + Ms(10), reason, detail, subtask));
}
