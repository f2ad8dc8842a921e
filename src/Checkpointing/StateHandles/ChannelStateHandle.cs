namespace Checkpointing.StateHandles;

/// <summary>Records that were on their way when an unaligned checkpoint was taken (Flink).</summary>
/// <param name="Channels">Whose records they are.</param>
/// <param name="SubtaskIndex">The subtask that stored them.</param>
/// <param name="ChannelSizeBytes">Bytes of the records.</param>
/// <param name="Stream">The stream that holds them, with those of other channels.</param>
public sealed record ChannelStateHandle(
    ChannelSet Channels, int SubtaskIndex, long ChannelSizeBytes, StreamStateHandle Stream) : StateHandle
{
    /// <inheritdoc/>
    public override long SizeBytes => ChannelSizeBytes;
}

/// <summary>Names channels between subtasks.</summary>
public abstract record ChannelSet;

/// <summary>One channel.</summary>
/// <param name="GateOrPartition">Input gate for input, result partition for output.</param>
/// <param name="ChannelOrSubpartition">Input channel for input, subpartition for output.</param>
/// <param name="Offsets">Start of each buffer in the stream, bytes.</param>
public sealed record SingleChannel(int GateOrPartition, int ChannelOrSubpartition, ValueList<long> Offsets)
    : ChannelSet;

/// <summary>All channels of a subtask in one direction, packed by Flink 2.1 and later.</summary>
/// <param name="Packed">Channels and offsets as they are stored: 32-bit count; for each channel two 32-bit numbers
/// (gate or partition, channel or subpartition), a 64-bit size, a 32-bit count and as many 64-bit offsets;
/// big-endian.</param>
public sealed record MergedChannels(ValueList<byte> Packed) : ChannelSet;
