using Checkpointing.Metadata.Flink.V3;

namespace Checkpointing.Metadata.Flink.V4;

/// <summary>Version 4: Flink 1.16 to 1.20. Properties of the checkpoint follow the body.</summary>
internal static class FlinkV4
{
    /// <summary>What the version holds.</summary>
    internal static FlinkLayout Layout { get; } =
        FlinkV3.Layout with { Format = MetadataFormat.FlinkV4, HasProperties = true };
}
