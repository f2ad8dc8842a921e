namespace Checkpointing.Metadata.Flink.V3;

/// <summary>Version 3: Flink 1.11 to 1.15. Later versions have the same body with additions.</summary>
internal static class FlinkV3
{
    /// <summary>What the version holds.</summary>
    internal static FlinkLayout Layout { get; } = new() { Format = MetadataFormat.FlinkV3 };
}
