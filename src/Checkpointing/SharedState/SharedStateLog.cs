using Checkpointing.Diagnostics;
using Checkpointing.StateHandles;
using Microsoft.Extensions.Logging;

namespace Checkpointing.SharedState;

/// <summary>Log lines of the registry. Callers ask first whether the level is on: the key is boxed here.</summary>
internal static partial class SharedStateLog
{
    [LoggerMessage(EventId = CheckpointingEventIds.SharedStateRegistered, Level = LogLevel.Trace,
        Message = "{Key} registered for {Owner}: {Handle}, {OwnerCount} owners")]
    public static partial void Registered(
        this ILogger logger, SharedStateKey key, StreamStateHandle handle, SharedStateOwner owner, int ownerCount);

    [LoggerMessage(EventId = CheckpointingEventIds.SharedStateReleased, Level = LogLevel.Trace,
        Message = "{Key} released by {Owner}: {Handle}, {OwnerCount} owners left")]
    public static partial void Released(
        this ILogger logger, SharedStateKey key, StreamStateHandle handle, SharedStateOwner owner, int ownerCount);
}
