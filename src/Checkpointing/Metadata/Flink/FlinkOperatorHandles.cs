using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Flink;

/// <summary>Handles of operator state, the same in all versions of Flink's formats.</summary>
internal static class FlinkOperatorHandles
{
    private const byte PartitionsTag = 4;

    // What later versions add: operator state in merged files.
    private const byte MergedFilesTag = 17;

    // Name, mode, count of offsets.
    private const int SmallestPartitionBytes = sizeof(ushort) + 1 + sizeof(int);

    /// <summary>A handle that a flag before it has announced.</summary>
    internal static OperatorStateHandle Read(ref FlinkInput input)
    {
        var tag = input.ReadByte("operator state");
        if (tag != PartitionsTag)
        {
            throw input.UnknownTag(tag, tag == MergedFilesTag, "operator state", $"{PartitionsTag}");
        }

        var partitions = new OperatorStatePartition[input.ReadCount(SmallestPartitionBytes, "operator states")];
        for (var i = 0; i < partitions.Length; i++)
        {
            partitions[i] = ReadPartition(ref input);
        }

        var stream = FlinkStreamHandles.ReadRequired(ref input, "the stream of operator state");
        return new(MetadataInput.Own(partitions), stream);
    }

    internal static void Write(FlinkOutput output, OperatorStateHandle handle)
    {
        output.WriteByte(PartitionsTag);
        output.WriteInt32(handle.Partitions.Count);
        foreach (var partition in handle.Partitions)
        {
            if (partition.Mode is < OperatorStateMode.Split or > OperatorStateMode.Broadcast)
            {
                throw output.Refuse($"operator state '{partition.Name}' of mode {(int)partition.Mode}", "modes 0 to 2");
            }

            output.WriteText(partition.Name, "operator state name");
            output.WriteByte((byte)partition.Mode);
            output.WriteInt32(partition.Offsets.Count);
            output.WriteOffsets(partition.Offsets);
        }

        FlinkStreamHandles.WriteRequired(output, handle.Stream, "operator state");
    }

    private static OperatorStatePartition ReadPartition(ref FlinkInput input)
    {
        var name = input.ReadText("an operator state's name");
        var mode = (OperatorStateMode)input.ReadByte("an operator state's mode");
        if (mode > OperatorStateMode.Broadcast)
        {
            throw input.Corrupt(input.Position - 1, "a mode from 0 to 2", $"{(int)mode}");
        }

        return new(name, mode, input.ReadOffsets(input.ReadCount(sizeof(long), "offsets")));
    }
}
