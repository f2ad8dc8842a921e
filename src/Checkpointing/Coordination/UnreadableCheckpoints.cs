namespace Checkpointing.Coordination;

/// <summary>What recovery does when a job's newest checkpoint cannot be read now. Either way it is kept, and nothing
/// is deleted meanwhile.</summary>
public enum UnreadableCheckpoints
{
    /// <summary>The newest one that can be read serves; <see cref="RestoredCheckpoint.Skipped"/> and a warning in the
    /// log say how far back that is.</summary>
    FallBack = 0,

    /// <summary>Recovery fails with <see cref="UnreadableCheckpointException"/>: a person decides.</summary>
    Fail = 1,
}

/// <summary>A newer checkpoint than the restored one, which could not be read.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Path">Its folder below the storage's root.</param>
/// <param name="Cause">Why it could not be read.</param>
/// <param name="TriggeredAt">Of when its state is; null if an older version of this library listed it.</param>
public sealed record SkippedCheckpoint(
    CheckpointId Id, string Path, CheckpointingException Cause, DateTimeOffset? TriggeredAt);
