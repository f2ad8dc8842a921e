namespace Checkpointing.StateHandles;

/// <summary>No stream where one belongs. Flink's readers accept it in some places, so it is kept; nothing can be
/// restored from it.</summary>
public sealed record AbsentStreamStateHandle : StreamStateHandle
{
    private AbsentStreamStateHandle()
    {
    }

    /// <summary>The only one.</summary>
    public static AbsentStreamStateHandle Instance { get; } = new();

    /// <inheritdoc/>
    public override long SizeBytes => 0;
}
