using System.Collections.Immutable;
using Checkpointing.StateHandles;

namespace Checkpointing.Statistics;

/// <summary>Turns events into statistics. No I/O, no clock.</summary>
/// <remarks>
/// Invariants:
/// <list type="number">
/// <item>Those triggered are those completed, failed and in progress.</item>
/// <item>The history is in the order of ends and never longer than its limit.</item>
/// <item>At most <see cref="MaxSubtaskReports"/> details of subtasks are kept in the history; the oldest checkpoints
/// lose theirs first.</item>
/// </list>
/// Writers exclude each other by a lock that is held for a moment; readers take what was published last and wait for
/// nobody.
/// </remarks>
internal sealed class StatisticsTracker(JobId job, int maxHistory)
{
    /// <summary>Details of subtasks kept for the history of all checkpoints together.</summary>
    internal const int MaxSubtaskReports = 20_000;

    private readonly Lock _lock = new();
    private volatile State _state = new();

    /// <summary>The statistics of this moment.</summary>
    public CheckpointStatistics Snapshot
    {
        get
        {
            var state = _state;
            return new(job)
            {
                Counts = state.Counts,
                InProgress = [.. state.Pending.Select(static pending => pending.ToReport())],
                History = state.History,
                LatestCompleted = state.LatestCompleted,
                LatestSavepoint = state.LatestSavepoint,
                LatestFailed = state.LatestFailed,
                LatestRestored = state.LatestRestored,
                HasEarlierHistory = state.HasEarlierHistory,
            };
        }
    }

    /// <summary>Takes an event. One about a checkpoint that is not in progress changes nothing.</summary>
    /// <returns>The report of a checkpoint that ended with it; else null.</returns>
    public CheckpointReport? Handle(StatisticsEvent happened)
    {
        lock (_lock)
        {
            var state = _state;
            switch (happened)
            {
                case StatisticsEvent.Triggered triggered:
                    _state = state with
                    {
                        Counts = state.Counts with { InProgress = state.Counts.InProgress + 1 },
                        Pending = state.Pending.Add(new(triggered)),
                    };
                    return null;
                case StatisticsEvent.Refused:
                    _state = state with { Counts = state.Counts with { Refused = state.Counts.Refused + 1 } };
                    return null;
                case StatisticsEvent.Acknowledged acknowledged:
                    Find(state, acknowledged.Id)?.Add(acknowledged);
                    return null;
                case StatisticsEvent.Completed completed:
                    return EndNeedsLock(completed.Id, report => ToCompleted(report, completed));
                case StatisticsEvent.Failed failed:
                    return EndNeedsLock(failed.Id, report => ToFailed(report, failed));
                case StatisticsEvent.Discarded discarded:
                    _state = Discard(state, one => one.Path == discarded.Path);
                    return null;
                case StatisticsEvent.Restored restored:
                    _state = state with
                    {
                        Counts = state.Counts with { Restored = state.Counts.Restored + 1 },
                        LatestRestored = restored.Report,
                    };
                    return null;
                default:
                    return null;
            }
        }
    }

    /// <summary>Puts the history of earlier processes before this one's.</summary>
    /// <param name="earlier">What was stored.</param>
    /// <param name="isRetained">Whether a checkpoint of that path is in the list now.</param>
    public void AddEarlier(CheckpointStatistics earlier, Func<string, bool> isRetained)
    {
        lock (_lock)
        {
            var own = _state;
            var state = own with
            {
                Counts = own.Counts.WithEarlier(earlier.Counts),
                History = [],
                Bare = 0,
                Details = 0,
                LatestCompleted = own.LatestCompleted ?? earlier.LatestCompleted,
                LatestSavepoint = own.LatestSavepoint ?? earlier.LatestSavepoint,
                LatestFailed = own.LatestFailed ?? earlier.LatestFailed,
                LatestRestored = own.LatestRestored ?? earlier.LatestRestored,
                HasEarlierHistory = true,
            };
            state = Append(state, [.. earlier.History.Concat(own.History).TakeLast(maxHistory)]);
            _state = Discard(state, one => !isRetained(one.Path));
        }
    }

    private static Pending? Find(State state, CheckpointId id) => state.Pending.Find(pending => pending.Id == id);

    private CheckpointReport? EndNeedsLock(CheckpointId id, Func<CheckpointReport, CheckpointReport> end)
    {
        var state = _state;
        if (Find(state, id) is not { } pending)
        {
            return null;
        }

        var report = end(pending.ToReport());
        var counts = state.Counts with { InProgress = state.Counts.InProgress - 1 };
        var isCompleted = report.Outcome == CheckpointOutcome.Completed;
        var isSavepoint = report.Kind == CheckpointKind.Savepoint;
        state = state with
        {
            Counts = isCompleted
                ? counts with { Completed = counts.Completed + 1 }
                : counts.WithFailure(report.FailureReason!.Value),
            Pending = state.Pending.Remove(pending),
            LatestCompleted = isCompleted && !isSavepoint ? report : state.LatestCompleted,
            LatestSavepoint = isCompleted && isSavepoint ? report : state.LatestSavepoint,
            LatestFailed = isCompleted ? state.LatestFailed : report,
        };
        _state = Append(state, [report]);
        return report;
    }

    private static CheckpointReport ToCompleted(CheckpointReport report, StatisticsEvent.Completed completed) =>
        report with
        {
            Outcome = CheckpointOutcome.Completed,
            Duration = Since(report.TriggeredAt, completed.At),
            StateSizeBytes = completed.StateSizeBytes,
            MetadataSizeBytes = completed.MetadataSizeBytes,
        };

    private static CheckpointReport ToFailed(CheckpointReport report, StatisticsEvent.Failed failed)
    {
        const int MaxDetailLength = 500;
        return report with
        {
            Outcome = CheckpointOutcome.Failed,
            Duration = Since(report.TriggeredAt, failed.At),
            FailureReason = failed.Reason,
            FailureDetail = failed.Detail.Length <= MaxDetailLength ? failed.Detail : failed.Detail[..MaxDetailLength],
            FailedSubtask = failed.Subtask,
        };
    }

    // A clock may be set back.
    private static TimeSpan Since(DateTimeOffset from, DateTimeOffset to) => to > from ? to - from : TimeSpan.Zero;

    private State Append(State state, IReadOnlyList<CheckpointReport> reports)
    {
        var (history, bare, details) = (state.History.AddRange(reports), state.Bare, state.Details);
        details += reports.Sum(static one => one.Subtasks.Count);
        while (history.Count > maxHistory)
        {
            details -= history[0].Subtasks.Count;
            history = history.RemoveAt(0);
            bare = Math.Max(0, bare - 1);
        }

        for (; details > MaxSubtaskReports; bare++)
        {
            details -= history[bare].Subtasks.Count;
            history = history.SetItem(bare, history[bare] with { Subtasks = [] });
        }

        return state with { History = history, Bare = bare, Details = details };
    }

    private static State Discard(State state, Predicate<CheckpointReport> isGone)
    {
        var history = state.History;
        for (var i = history.Count - 1; i >= 0; i--)
        {
            if (MarkDiscarded(history[i], isGone) is var marked && !ReferenceEquals(marked, history[i]))
            {
                history = history.SetItem(i, marked!);
            }
        }

        return state with
        {
            History = history,
            LatestCompleted = MarkDiscarded(state.LatestCompleted, isGone),
        };
    }

    private static CheckpointReport? MarkDiscarded(CheckpointReport? report, Predicate<CheckpointReport> isGone) =>
        report is { Outcome: CheckpointOutcome.Completed, Kind: not CheckpointKind.Savepoint, IsDiscarded: false }
            && isGone(report)
            ? report with { IsDiscarded = true }
            : report;

    private sealed record State
    {
        public CheckpointCounts Counts { get; init; } = CheckpointCounts.Zero;

        public ImmutableList<Pending> Pending { get; init; } = [];

        public ImmutableList<CheckpointReport> History { get; init; } = [];

        /// <summary>How many of the oldest have lost their details.</summary>
        public int Bare { get; init; }

        public int Details { get; init; }

        public CheckpointReport? LatestCompleted { get; init; }

        public CheckpointReport? LatestSavepoint { get; init; }

        public CheckpointReport? LatestFailed { get; init; }

        public RestoreReport? LatestRestored { get; init; }

        public bool HasEarlierHistory { get; init; }
    }

    /// <summary>One in progress. One writer; any reader sees those that have acknowledged so far.</summary>
    private sealed class Pending(StatisticsEvent.Triggered triggered)
    {
        private readonly SubtaskReport[] _subtasks = new SubtaskReport[triggered.SubtaskCount];
        private int _count;

        public CheckpointId Id => triggered.Id;

        public void Add(StatisticsEvent.Acknowledged acknowledged)
        {
            if (_count < _subtasks.Length)
            {
                _subtasks[_count] = new(
                    acknowledged.Operator, acknowledged.Index, Since(triggered.At, acknowledged.At),
                    acknowledged.Times, acknowledged.StateSizeBytes, acknowledged.Cost);

                // Published after the entry is there.
                Volatile.Write(ref _count, _count + 1);
            }
        }

        public CheckpointReport ToReport()
        {
            var subtasks = _subtasks.AsSpan(0, Volatile.Read(ref _count)).ToArray();
            return new()
            {
                Id = triggered.Id,
                Kind = triggered.Kind,
                Outcome = CheckpointOutcome.InProgress,
                Epoch = triggered.Epoch,
                Attempt = triggered.Attempt,
                TriggeredAt = triggered.At,
                Path = triggered.Path,
                SubtaskCount = triggered.SubtaskCount,
                AcknowledgedCount = subtasks.Length,
                Subtasks = subtasks,
                StateSizeBytes = subtasks.Sum(static one => one.StateSizeBytes),
                Cost = subtasks.Aggregate(default(SnapshotCost), static (sum, one) => sum + one.Cost),
                LongestTimes = subtasks.Aggregate(
                    default(SnapshotTimes), static (longest, one) => SnapshotTimes.Longest(longest, one.Times)),
            };
        }
    }
}
