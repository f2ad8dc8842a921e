using Checkpointing.State;

namespace Checkpointing.Testing.Operators;

/// <summary>A checkpoint of an operator in a harness. Its files are in the memory of the harness that took
/// it.</summary>
/// <remarks>Immutable. It can be restored as often as one likes, also after the harness was disposed.</remarks>
public sealed class KeyedOperatorCheckpoint
{
    internal KeyedOperatorCheckpoint(
        CheckpointId id, Timestamp watermark, long clockMs, object owner, IReadOnlyList<SubtaskSnapshot> snapshots) =>
        (Id, Watermark, ClockMs, Owner, Snapshots) = (id, watermark, clockMs, owner, snapshots);

    /// <summary>Its number: from 1, and never the same for two checkpoints of harnesses that were restored from each
    /// other.</summary>
    public CheckpointId Id { get; }

    /// <summary>Number of subtasks that it was taken of.</summary>
    public int Parallelism => Snapshots.Count;

    /// <summary>The watermark when it was taken.</summary>
    public Timestamp Watermark { get; }

    /// <summary>The clock when it was taken, in milliseconds since 1970-01-01 UTC.</summary>
    internal long ClockMs { get; }

    internal object Owner { get; }

    /// <summary>By subtask.</summary>
    internal IReadOnlyList<SubtaskSnapshot> Snapshots { get; }
}
