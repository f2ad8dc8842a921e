namespace Checkpointing.StateHandles;

/// <summary>Who uses the file that a segment lies in.</summary>
public enum SegmentScope
{
    /// <summary>One checkpoint.</summary>
    Exclusive = 0,

    /// <summary>Several checkpoints.</summary>
    Shared = 1,
}

/// <summary>A part of a file in which Flink has merged several small ones (Flink 1.20 and later).</summary>
/// <param name="Path">Absolute path of the file; never empty.</param>
/// <param name="StartPosition">First byte of the part, from the start of the file.</param>
/// <param name="SegmentSizeBytes">Length of the part.</param>
/// <param name="Scope">Who uses the file.</param>
/// <param name="LogicalFileId">Id of the part, a UUID as text.</param>
public sealed record SegmentStateHandle(
    string Path, long StartPosition, long SegmentSizeBytes, SegmentScope Scope, string LogicalFileId)
    : StreamStateHandle
{
    /// <inheritdoc/>
    public override long SizeBytes => SegmentSizeBytes;
}

/// <summary>A part of no file: Flink's subtasks without state say so with it, to keep their folders alive.</summary>
public sealed record EmptySegmentStateHandle : StreamStateHandle
{
    private EmptySegmentStateHandle()
    {
    }

    /// <summary>The only one.</summary>
    public static EmptySegmentStateHandle Instance { get; } = new();

    /// <inheritdoc/>
    public override long SizeBytes => 0;
}
