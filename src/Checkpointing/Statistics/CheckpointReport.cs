using Checkpointing.StateHandles;

namespace Checkpointing.Statistics;

/// <summary>What is known of one checkpoint or savepoint that was triggered. Immutable.</summary>
public sealed record CheckpointReport
{
    /// <summary>Its id.</summary>
    public required CheckpointId Id { get; init; }

    /// <summary>What was asked for.</summary>
    public required CheckpointKind Kind { get; init; }

    /// <summary>How far it is, or how it ended.</summary>
    public required CheckpointOutcome Outcome { get; init; }

    /// <summary>Reign of the coordinator that triggered it.</summary>
    public required long Epoch { get; init; }

    /// <summary>Attempt of the job within the epoch, from 0.</summary>
    public required int Attempt { get; init; }

    /// <summary>When it was triggered.</summary>
    public required DateTimeOffset TriggeredAt { get; init; }

    /// <summary>From the trigger to its end; zero while it is in progress.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Its folder below the storage's root.</summary>
    public required string Path { get; init; }

    /// <summary>Bytes of its state, what earlier checkpoints have stored included; of one that did not complete: of
    /// what was acknowledged.</summary>
    public long StateSizeBytes { get; init; }

    /// <summary>Bytes of its metadata file; 0 if it was not written.</summary>
    public long MetadataSizeBytes { get; init; }

    /// <summary>What its subtasks stored, what they used again, and how files got to their place.</summary>
    public SnapshotCost Cost { get; init; }

    /// <summary>Of each part the longest time that a subtask took.</summary>
    public SnapshotTimes LongestTimes { get; init; }

    /// <summary>Where its time went; null if it did not complete, or the details of its subtasks are not kept any
    /// more.</summary>
    public CheckpointPhases? Phases => CheckpointPhases.Of(this);

    /// <summary>How many subtasks have to acknowledge it.</summary>
    public required int SubtaskCount { get; init; }

    /// <summary>How many have.</summary>
    public int AcknowledgedCount { get; init; }

    /// <summary>Those that have acknowledged, in the order in which they did. Empty for older checkpoints when there
    /// are many subtasks: the details of about 20,000 are kept in all.</summary>
    public IReadOnlyList<SubtaskReport> Subtasks { get; init; } = [];

    /// <summary>Why it failed; null if it did not.</summary>
    public CheckpointFailureReason? FailureReason { get; init; }

    /// <summary>One sentence about the failure, at most 500 characters; null if it did not fail.</summary>
    public string? FailureDetail { get; init; }

    /// <summary>The subtask that it failed at, for example <c>totals[1]</c>; null if it was none.</summary>
    public string? FailedSubtask { get; init; }

    /// <summary>Whether it was completed, and has left the list of retained checkpoints since. Never for a
    /// savepoint: that is the user's.</summary>
    public bool IsDiscarded { get; init; }
}
