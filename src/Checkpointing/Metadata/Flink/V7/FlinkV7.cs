using Checkpointing.Metadata.Flink.V6;

namespace Checkpointing.Metadata.Flink.V7;

/// <summary>Version 7, in no released Flink yet, so it is read and not written. A subtask may name an earlier
/// checkpoint.</summary>
internal static class FlinkV7
{
    /// <summary>What the version holds.</summary>
    internal static FlinkLayout Layout { get; } =
        FlinkV6.Layout with { Format = MetadataFormat.FlinkV7, HasReferences = true };
}
