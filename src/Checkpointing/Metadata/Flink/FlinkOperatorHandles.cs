using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Flink;

/// <summary>Handles of operator state. Versions 1 and 2 have tags 0 and 4; merged files came later.</summary>
internal static class FlinkOperatorHandles
{
    private const byte NoneTag = 0;
    private const byte PartitionsTag = 4;
    private const byte MergedFilesTag = 17;

    // Name, mode, count of offsets.
    private const int SmallestPartitionBytes = sizeof(ushort) + 1 + sizeof(int);

    /// <summary>A handle that a flag before it has announced.</summary>
    internal static OperatorStateHandle Read(ref FlinkInput input)
    {
        var tag = input.ReadByte("operator state");
        return tag switch
        {
            PartitionsTag => ReadPartitions(ref input),
            MergedFilesTag when input.HasLaterTags => ReadMerged(ref input),
            _ => throw input.UnknownTag(
                tag, tag == MergedFilesTag, "operator state", input.HasLaterTags ? "4 and 17" : "4"),
        };
    }

    /// <summary>A handle in a slot that may be empty.</summary>
    internal static OperatorStateHandle? ReadSlot(ref FlinkInput input)
    {
        var tag = input.ReadByte("operator state");
        return tag switch
        {
            NoneTag => null,
            PartitionsTag => ReadPartitions(ref input),
            _ => throw input.UnknownTag(tag, tag == MergedFilesTag, "operator state", "0 and 4"),
        };
    }

    internal static void WriteSlot(FlinkOutput output, OperatorStateHandle? handle)
    {
        if (handle is null)
        {
            output.WriteByte(NoneTag);
        }
        else
        {
            Write(output, handle);
        }
    }

    /// <summary>A flag and, if there is one, the handle.</summary>
    internal static void WriteFlagged(FlinkOutput output, OperatorStateHandle? handle)
    {
        output.WriteFlag(handle is not null);
        if (handle is not null)
        {
            Write(output, handle);
        }
    }

    internal static void Write(FlinkOutput output, OperatorStateHandle handle)
    {
        var merged = handle.MergedFiles;
        if (merged is not null && (!output.HasLaterTags || !IsSegment(handle.Stream)))
        {
            throw output.Refuse(
                $"operator state in merged files below '{merged.SharedFolder}'",
                output.HasLaterTags ? "segments in merged files" : "operator state in files of its own");
        }

        output.WriteByte(merged is null ? PartitionsTag : MergedFilesTag);
        WritePartitions(output, handle.Partitions);
        if (merged is not null)
        {
            output.WriteText(merged.TaskOwnedFolder, "the folder that the task owns");
            output.WriteText(merged.SharedFolder, "the shared folder");
            output.WriteByte(merged.IsEmpty ? (byte)1 : (byte)0);
        }

        FlinkStreamHandles.WriteRequired(output, handle.Stream, "operator state");
    }

    private static bool IsSegment(StreamStateHandle stream) => stream is SegmentStateHandle or EmptySegmentStateHandle;

    private static OperatorStateHandle ReadPartitions(ref FlinkInput input)
    {
        var partitions = ReadMap(ref input);
        return new(partitions, FlinkStreamHandles.ReadRequired(ref input, "the stream of operator state"));
    }

    private static OperatorStateHandle ReadMerged(ref FlinkInput input)
    {
        var partitions = ReadMap(ref input);
        var taskOwned = input.ReadText("the folder that the task owns");
        var shared = input.ReadText("the shared folder");
        var isEmpty = input.ReadBoolean("whether merged files are empty");
        var offset = input.Position;
        var stream = FlinkStreamHandles.Read(ref input, "the stream of operator state");
        return IsSegment(stream)
            ? new(partitions, stream) { MergedFiles = new(taskOwned, shared, isEmpty) }
            : throw input.Corrupt(offset, "a segment (tag 15 or 16)", "another stream");
    }

    private static ValueList<OperatorStatePartition> ReadMap(ref FlinkInput input)
    {
        var partitions = new OperatorStatePartition[input.ReadCount(SmallestPartitionBytes, "operator states")];
        for (var i = 0; i < partitions.Length; i++)
        {
            var name = input.ReadText("an operator state's name");
            var mode = (OperatorStateMode)input.ReadByte("an operator state's mode");
            if (mode > OperatorStateMode.Broadcast)
            {
                throw input.Corrupt(input.Position - 1, "a mode from 0 to 2", $"{(int)mode}");
            }

            partitions[i] = new(name, mode, input.ReadOffsets(input.ReadCount(sizeof(long), "offsets")));
        }

        return MetadataInput.Own(partitions);
    }

    private static void WritePartitions(FlinkOutput output, ValueList<OperatorStatePartition> partitions)
    {
        output.WriteInt32(partitions.Count);
        foreach (var partition in partitions)
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
    }
}
