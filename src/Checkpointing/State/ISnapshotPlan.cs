using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>The second part of a subtask's snapshot; the first part was the call that returned it.</summary>
/// <remarks>Written once, on any thread, beside the running subtask. Disposed unwritten or after a failure it lets go of
/// pins and of uploads that no message has named. The maker disposes it.</remarks>
public interface ISnapshotPlan : IAsyncDisposable
{
    /// <summary>The checkpoint.</summary>
    CheckpointId CheckpointId { get; }

    /// <summary>Transfers what is new.</summary>
    /// <param name="cancellationToken">Observed between two files.</param>
    /// <exception cref="CheckpointingException">The snapshot failed; decline the checkpoint. Nothing durable is lost.</exception>
    ValueTask<SubtaskSnapshot> WriteAsync(CancellationToken cancellationToken);
}

/// <summary>What a subtask acknowledges with.</summary>
/// <param name="Keyed">Its keyed state; null if none.</param>
/// <param name="Operator">Its operator state; null if none.</param>
/// <param name="States">Descriptions of all its states.</param>
/// <param name="Cost">What was stored and what was used again.</param>
/// <param name="GivenUp">Earlier shared uploads of this subtask that it will never refer to again.</param>
public sealed record SubtaskSnapshot(
    KeyedStateHandle? Keyed,
    OperatorStateHandle? Operator,
    IReadOnlyList<StateDescription> States,
    SnapshotCost Cost,
    IReadOnlyList<SharedStateKey> GivenUp)
{
    /// <summary>A subtask without state.</summary>
    public static SubtaskSnapshot Empty { get; } = new(null, null, [], default, []);
}
