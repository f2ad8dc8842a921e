using Checkpointing.StateHandles;

namespace Checkpointing.SharedState;

/// <summary>Two different files came under one key. This is a bug of a backend; the registered file stays.</summary>
public sealed class ConflictingSharedStateException(
    SharedStateKey key, StreamStateHandle registered, StreamStateHandle other)
    : CheckpointingException($"'{key}' is registered as {registered}, not as {other}. The registered file stays.")
{
    /// <summary>The key.</summary>
    public SharedStateKey Key { get; } = key;

    /// <summary>The handle that stays.</summary>
    public StreamStateHandle Registered { get; } = registered;

    /// <summary>The handle that was refused.</summary>
    public StreamStateHandle Other { get; } = other;
}
