using Checkpointing.StateHandles;
using Checkpointing.Statistics;
using CsCheck;

namespace Checkpointing.Tests.Statistics;

/// <summary>Reports with every field set, from a seed.</summary>
internal static class StatisticsSamples
{
    private static readonly Gen<TimeSpan> s_time = Gen.Long[0, TimeSpan.TicksPerDay].Select(TimeSpan.FromTicks);
    private static readonly Gen<string> s_text = Gen.String[0, 20].Select(static text =>
        string.Concat(text.Where(static c => !char.IsSurrogate(c))));

    private static readonly Gen<SnapshotTimes> s_times = Gen.Select(
        s_time, s_time, s_time, s_time, static (a, b, c, d) => new SnapshotTimes(a, b, c, d));

    private static readonly Gen<SnapshotCost> s_cost = Gen.Select(
        Gen.Long[0, 1L << 50], Gen.Int[0, 999], Gen.Long[0, 1L << 50], Gen.Int[0, 999],
        static (newBytes, newFiles, reusedBytes, reusedFiles) =>
            new SnapshotCost(newBytes, newFiles, reusedBytes, reusedFiles)
            {
                Transfers = new(1, newBytes, 2, reusedBytes, newFiles, 3, reusedFiles, 4),
            });

    private static readonly Gen<SubtaskReport> s_subtask = Gen.Select(
        s_text, Gen.Int[0, 99], s_time, s_times, Gen.Long[0, 1L << 50], s_cost,
        static (name, index, after, times, size, cost) => new SubtaskReport(name, index, after, times, size, cost));

    public static Gen<CheckpointReport> Report { get; } = Gen.Select(
        Gen.Long[1, 1L << 40], Gen.Enum<CheckpointKind>(), s_time, s_text, s_cost, s_times,
        s_subtask.Array[0, 3], Gen.Enum<CheckpointFailureReason>(),
        static (id, kind, duration, text, cost, times, subtasks, reason) =>
        {
            var report = new CheckpointReport
            {
                Id = new(id),
                Kind = kind,
                Outcome = CheckpointOutcome.Completed,
                Epoch = id % 100,
                Attempt = subtasks.Length,
                TriggeredAt = DateTimeOffset.UnixEpoch.AddTicks(id),
                Duration = duration,
                Path = "job/" + text,
                StateSizeBytes = id,
                MetadataSizeBytes = duration.Ticks,
                Cost = cost,
                LongestTimes = times,
                SubtaskCount = 3,
                AcknowledgedCount = subtasks.Length,
                Subtasks = subtasks,
            };
            return id % 2 == 0 ? report : report with
            {
                Outcome = CheckpointOutcome.Failed,
                FailureReason = reason,
                FailureDetail = text,
                FailedSubtask = text.Length % 2 == 0 ? null : text,
            };
        });

    public static Gen<StatisticsSegment> Segment { get; } = Gen.Select(
        Report.Array[0, 5], Report, Gen.Bool, Gen.Long[0, 1L << 40], s_time,
        static (reports, latest, isWhole, count, time) => new StatisticsSegment
        {
            Job = "job",
            Epoch = count,
            IsWhole = isWhole,
            Counts = new()
            {
                Completed = count,
                Failed = 5,
                Refused = count / 2,
                Restored = count / 3,
                FailedByReason = new Dictionary<CheckpointFailureReason, long>
                {
                    [CheckpointFailureReason.Expired] = 2, [(CheckpointFailureReason)777] = 3,
                },
            },
            Reports = reports,
            LatestCompleted = isWhole ? null : latest with { Subtasks = [] },
            LatestSavepoint = count % 2 == 0 ? null : latest with { Subtasks = [] },
            LatestFailed = count % 3 == 0 ? null : latest with { Subtasks = [] },
            LatestRestored = count % 4 == 0 ? null : new(
                new(count), "job/chk-1", CheckpointKind.Savepoint, isWhole, 3, 4,
                DateTimeOffset.UnixEpoch + time, time),
        });

    public static CheckpointReport Completed(long id, long epoch = 1, int subtasks = 0) => new()
    {
        Id = new(id),
        Kind = CheckpointKind.Checkpoint,
        Outcome = CheckpointOutcome.Completed,
        Epoch = epoch,
        Attempt = 0,
        TriggeredAt = DateTimeOffset.UnixEpoch,
        Path = $"job/chk-{id}",
        SubtaskCount = subtasks,
        Subtasks = [.. Enumerable.Range(0, subtasks).Select(static index =>
            new SubtaskReport("op", index, default, default, 1, default))],
    };
}
