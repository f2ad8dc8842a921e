using Checkpointing.Metadata.Flink.V4;

namespace Checkpointing.Metadata.Flink.V5;

/// <summary>Version 5: Flink 2.0. A name and a uid stand before the id of each operator.</summary>
internal static class FlinkV5
{
    /// <summary>What the version holds.</summary>
    internal static FlinkLayout Layout { get; } =
        FlinkV4.Layout with { Format = MetadataFormat.FlinkV5, HasNames = true };
}
