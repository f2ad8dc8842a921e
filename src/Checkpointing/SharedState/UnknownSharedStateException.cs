using Checkpointing.StateHandles;

namespace Checkpointing.SharedState;

/// <summary>A placeholder names a file that the registry does not know: it may be deleted already.</summary>
/// <remarks>The checkpoint is aborted, and the next one names no base, so that the task sends everything.</remarks>
public sealed class UnknownSharedStateException(SharedStateKey key)
    : CheckpointingException(
        $"Unknown shared state '{key}': a placeholder refers to it, but nothing that is retained does.")
{
    /// <summary>The key.</summary>
    public SharedStateKey Key { get; } = key;

    /// <inheritdoc/>
    public override bool IsTransient => true;
}
