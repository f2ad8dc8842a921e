using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>What a keyed snapshot gave.</summary>
/// <param name="Handle">Where the state is; null if there is none.</param>
/// <param name="Cost">What it cost.</param>
/// <param name="GivenUp">Keys of earlier uploads of this backend that it will never refer to again.</param>
public sealed record KeyedSnapshotResult(
    KeyedStateHandle? Handle, SnapshotCost Cost, IReadOnlyList<SharedStateKey> GivenUp);
