using System.Collections.Immutable;

namespace Checkpointing.Statistics;

/// <summary>How many checkpoints and savepoints a job has had, over all its processes as far as their statistics
/// survived.</summary>
/// <remarks><see cref="Triggered"/> is the sum of those completed, failed and in progress. What was in progress when a
/// process died is not counted.</remarks>
public sealed record CheckpointCounts
{
    /// <summary>No checkpoint yet.</summary>
    public static CheckpointCounts Zero { get; } = new();

    /// <summary>Those that got an id.</summary>
    public long Triggered => InProgress + Completed + Failed;

    /// <summary>Those neither complete nor aborted.</summary>
    public int InProgress { get; init; }

    /// <summary>Those that are, or were, durable.</summary>
    public long Completed { get; init; }

    /// <summary>Those that were aborted.</summary>
    public long Failed { get; init; }

    /// <summary>Requests that got no id: too many waited, tasks did not run, the job had ended.</summary>
    public long Refused { get; init; }

    /// <summary>How often the job was started from a checkpoint.</summary>
    public long Restored { get; init; }

    /// <summary>The failed ones by their reason; a reason that never occurred is not in it.</summary>
    public IReadOnlyDictionary<CheckpointFailureReason, long> FailedByReason { get; init; } =
        ImmutableSortedDictionary<CheckpointFailureReason, long>.Empty;

    /// <summary>One more failed for this reason.</summary>
    internal CheckpointCounts WithFailure(CheckpointFailureReason reason) => this with
    {
        Failed = Failed + 1,
        FailedByReason = AddTo(FailedByReason, [new(reason, 1)]),
    };

    /// <summary>These, and those of earlier processes, of which none is in progress any more.</summary>
    internal CheckpointCounts WithEarlier(CheckpointCounts earlier) => new()
    {
        InProgress = InProgress,
        Completed = Completed + earlier.Completed,
        Failed = Failed + earlier.Failed,
        Refused = Refused + earlier.Refused,
        Restored = Restored + earlier.Restored,
        FailedByReason = AddTo(FailedByReason, earlier.FailedByReason),
    };

    private static ImmutableSortedDictionary<CheckpointFailureReason, long> AddTo(
        IReadOnlyDictionary<CheckpointFailureReason, long> counts,
        IEnumerable<KeyValuePair<CheckpointFailureReason, long>> more)
    {
        var sum = counts.ToImmutableSortedDictionary();
        foreach (var (reason, count) in more)
        {
            sum = sum.SetItem(reason, sum.GetValueOrDefault(reason) + count);
        }

        return sum;
    }
}
