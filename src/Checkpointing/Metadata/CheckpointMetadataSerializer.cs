namespace Checkpointing.Metadata;

/// <summary>Reads and writes <c>_metadata</c> files: looks at magic and version and calls the format's own folder.</summary>
public static partial class CheckpointMetadataSerializer
{
    /// <summary>First four bytes of every metadata file, big-endian; Flink's.</summary>
    public const uint Magic = 0x4960672D;
}
