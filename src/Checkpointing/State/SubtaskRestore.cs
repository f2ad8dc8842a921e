using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>What one subtask restores, already cut for its key-group range and the new parallelism.</summary>
/// <param name="Checkpoint">The checkpoint; <see cref="CheckpointId.None"/> for a new job.</param>
/// <param name="IsForeign">Whether its files belong to another job that we do not own (NoClaim).</param>
/// <param name="Keyed">Handles whose key groups meet the subtask's range; they may reach beyond it.</param>
/// <param name="Operator">Operator state: each handle's partitions hold only the items that go to this subtask.</param>
public sealed record SubtaskRestore(
    CheckpointId Checkpoint,
    bool IsForeign,
    IReadOnlyList<KeyedStateHandle> Keyed,
    IReadOnlyList<OperatorStateHandle> Operator)
{
    /// <summary>Whether all subtasks of the operator had finished, at whatever parallelism: then it does not start
    /// again.
    /// It takes part in no checkpoint, and whatever it fed sees the end of that input at once.</summary>
    public bool IsFinished { get; init; }

    /// <summary>W3C trace context (<c>traceparent</c>) of the restore's span. Default: null, nobody traces.</summary>
    public string? TraceParent { get; init; }

    /// <summary>Nothing to restore: a new job, or an operator that the checkpoint does not hold.</summary>
    public static SubtaskRestore None { get; } = new(CheckpointId.None, false, [], []);
}
