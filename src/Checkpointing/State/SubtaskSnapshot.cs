using Checkpointing.StateHandles;

namespace Checkpointing.State;

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

    /// <summary>How long its parts took, for statistics. Default: not known.</summary>
    public SnapshotTimes Times { get; init; }

    /// <summary>Bytes behind its handles; of a placeholder none.</summary>
    internal long SizeBytes => StateSize.Add(Keyed?.SizeBytes ?? 0, Operator?.SizeBytes ?? 0);
}
