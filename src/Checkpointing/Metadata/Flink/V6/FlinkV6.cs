using Checkpointing.Metadata.Flink.V5;

namespace Checkpointing.Metadata.Flink.V6;

/// <summary>Version 6: Flink 2.1 to 2.4. Channel states say what they are, and may be merged.</summary>
internal static class FlinkV6
{
    /// <summary>What the version holds.</summary>
    internal static FlinkLayout Layout { get; } =
        FlinkV5.Layout with { Format = MetadataFormat.FlinkV6, HasChannelKinds = true };
}
