using Checkpointing.StateHandles;

namespace Checkpointing.SharedState;

/// <summary>A registered file.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Handle">Its handle; never a placeholder.</param>
/// <param name="OwnerCount">Number of owners.</param>
public readonly record struct SharedStateEntry(SharedStateKey Key, StreamStateHandle Handle, int OwnerCount);
