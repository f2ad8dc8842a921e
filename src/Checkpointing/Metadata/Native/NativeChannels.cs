using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Native;

/// <summary>The record of channel state in version 1001.</summary>
internal static class NativeChannels
{
    private const byte Single = 1;
    private const byte Merged = 2;

    internal static ChannelStateHandle Read(ref NativeInput body)
    {
        var subtask = body.ReadInt32("the subtask of a channel");
        var sizeBytes = body.ReadInt64("the size of a channel's state");
        var offset = body.Position;
        ChannelSet channels = body.ReadByte("the kind of channel state") switch
        {
            Single => ReadSingle(ref body),
            Merged => new MergedChannels(body.ReadBlob("packed channels")),
            var other => throw body.Unsupported(
                $"channel state of kind {other} at byte {offset}", "kinds 1 and 2; use a newer library"),
        };
        return new(channels, subtask, sizeBytes, NativeStreams.Read(ref body, depth: 0))
        {
            UnknownRecords = body.ReadUnknown("channel state"),
        };
    }

    internal static void Write(NativeOutput output, ushort tag, ValueList<ChannelStateHandle> handles)
    {
        foreach (var handle in handles)
        {
            var begin = output.Begin(tag);
            output.WriteInt32(handle.SubtaskIndex);
            output.WriteInt64(handle.ChannelSizeBytes);
            switch (handle.Channels)
            {
                case SingleChannel channel:
                    output.WriteByte(Single);
                    output.WriteInt32(channel.GateOrPartition);
                    output.WriteInt32(channel.ChannelOrSubpartition);
                    output.WriteInt32(channel.Offsets.Count);
                    output.WriteOffsets(channel.Offsets);
                    break;
                case MergedChannels merged:
                    output.WriteByte(Merged);
                    output.WriteBlob(merged.Packed);
                    break;
                default:
                    throw output.Refuse($"a {handle.Channels.GetType().Name}", "single and merged channels");
            }

            NativeStreams.Write(output, handle.Stream, depth: 0);
            output.WriteUnknown(handle.UnknownRecords);
            output.End(begin);
        }
    }

    private static SingleChannel ReadSingle(ref NativeInput body)
    {
        var gate = body.ReadInt32("a gate or partition");
        var channel = body.ReadInt32("a channel or subpartition");
        return new(gate, channel, body.ReadOffsets(body.ReadCount(sizeof(long), "offsets")));
    }
}
