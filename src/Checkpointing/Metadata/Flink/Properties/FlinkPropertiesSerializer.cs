using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Flink.Properties;

/// <summary>The object at the end of version 4 and later, kept as it is.</summary>
internal static class FlinkPropertiesSerializer
{
    private static ReadOnlySpan<byte> NullObject => [0xAC, 0xED, 0x00, 0x05, 0x70];

    internal static FlinkProperties? Read(ref MetadataInput input)
    {
        var all = input.TakeCopy(input.Remaining, "properties");
        return all.Items.AsSpan().SequenceEqual(NullObject) ? null : new FlinkProperties(all);
    }
}
