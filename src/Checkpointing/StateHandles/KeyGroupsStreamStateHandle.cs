namespace Checkpointing.StateHandles;

/// <summary>A full keyed snapshot that stands where one stream is expected (Flink, raw state).</summary>
/// <param name="KeyGroups">The snapshot.</param>
public sealed record KeyGroupsStreamStateHandle(KeyGroupsStateHandle KeyGroups) : StreamStateHandle
{
    /// <inheritdoc/>
    public override long SizeBytes => KeyGroups.SizeBytes;
}
