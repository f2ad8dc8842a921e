using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Flink;

/// <summary>Channel state: one channel a handle from version 3 on, or all channels of a subtask from version 6
/// on.</summary>
internal static class FlinkChannelHandles
{
    private const byte InputTag = 1;
    private const byte OutputTag = 2;
    private const byte MergedInputTag = 3;
    private const byte MergedOutputTag = 4;

    // Subtask, size, stream, length of the packed channels: the smaller of the two forms.
    private const int SmallestBytes = sizeof(int) + sizeof(long) + FlinkStreamHandles.SmallestBytes + sizeof(int);

    internal static ValueList<ChannelStateHandle> Read(ref FlinkInput input, bool hasTags, bool isInput)
    {
        var count = input.ReadCount(SmallestBytes, "channel states");
        if (count == 0)
        {
            return default;
        }

        var handles = new ChannelStateHandle[count];
        for (var i = 0; i < count; i++)
        {
            handles[i] = !hasTags || !ReadIsMerged(ref input, isInput) ? ReadSingle(ref input) : ReadMerged(ref input);
        }

        return MetadataInput.Own(handles);
    }

    internal static void Write(
        FlinkOutput output, ValueList<ChannelStateHandle> handles, bool hasTags, bool isInput)
    {
        output.WriteInt32(handles.Count);
        foreach (var handle in handles)
        {
            switch (handle.Channels)
            {
                case SingleChannel channel:
                    if (hasTags)
                    {
                        output.WriteByte(isInput ? InputTag : OutputTag);
                    }

                    WriteSingle(output, handle, channel);
                    break;
                case MergedChannels channels when hasTags:
                    output.WriteByte(isInput ? MergedInputTag : MergedOutputTag);
                    WriteMerged(output, handle, channels);
                    break;
                default:
                    throw output.Refuse(
                        $"merged {(isInput ? "input" : "output")} channels of subtask {handle.SubtaskIndex}",
                        "one channel a handle");
            }
        }
    }

    private static bool ReadIsMerged(ref FlinkInput input, bool isInput)
    {
        var tag = input.ReadByte("the kind of channel state");
        var single = isInput ? InputTag : OutputTag;
        var merged = isInput ? MergedInputTag : MergedOutputTag;
        return tag == single || tag == merged
            ? tag == merged
            : throw input.Corrupt(input.Position - 1, $"channel state of kind {single} or {merged}", $"{tag}");
    }

    private static ChannelStateHandle ReadSingle(ref FlinkInput input)
    {
        var subtask = input.ReadInt32("the subtask of a channel");
        var gate = input.ReadInt32("a gate or partition");
        var channel = input.ReadInt32("a channel or subpartition");
        var offsets = input.ReadOffsets(input.ReadCount(sizeof(long), "offsets"));
        var sizeBytes = input.ReadInt64("the size of a channel's state");
        return new(new SingleChannel(gate, channel, offsets), subtask, sizeBytes, ReadStream(ref input));
    }

    private static void WriteSingle(FlinkOutput output, ChannelStateHandle handle, SingleChannel channel)
    {
        output.WriteInt32(handle.SubtaskIndex);
        output.WriteInt32(channel.GateOrPartition);
        output.WriteInt32(channel.ChannelOrSubpartition);
        output.WriteInt32(channel.Offsets.Count);
        output.WriteOffsets(channel.Offsets);
        output.WriteInt64(handle.ChannelSizeBytes);
        FlinkStreamHandles.WriteRequired(output, handle.Stream, "channel state");
    }

    private static ChannelStateHandle ReadMerged(ref FlinkInput input)
    {
        var subtask = input.ReadInt32("the subtask of a channel");
        var sizeBytes = input.ReadInt64("the size of channels' states");
        var stream = ReadStream(ref input);
        return new(new MergedChannels(input.ReadBlob("packed channels")), subtask, sizeBytes, stream);
    }

    private static void WriteMerged(FlinkOutput output, ChannelStateHandle handle, MergedChannels channels)
    {
        output.WriteInt32(handle.SubtaskIndex);
        output.WriteInt64(handle.ChannelSizeBytes);
        FlinkStreamHandles.WriteRequired(output, handle.Stream, "channel state");
        output.WriteBlob(channels.Packed);
    }

    private static StreamStateHandle ReadStream(ref FlinkInput input) =>
        FlinkStreamHandles.ReadRequired(ref input, "the stream of channel state");
}
