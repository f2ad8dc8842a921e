using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Native;

/// <summary>The record of operator state in version 1001.</summary>
internal static class NativeOperatorState
{
    // Name, mode, count of offsets.
    private const int SmallestPartitionBytes = sizeof(int) + 1 + sizeof(int);

    internal static OperatorStateHandle Read(ref NativeInput input)
    {
        var offset = input.Position;
        var body = input.ReadRecord(out var tag);
        if (tag != NativeTags.OperatorState)
        {
            throw body.UnknownKind(tag, "operator state", offset);
        }

        var partitions = new OperatorStatePartition[body.ReadCount(SmallestPartitionBytes, "operator states")];
        for (var i = 0; i < partitions.Length; i++)
        {
            var name = body.ReadText("an operator state's name");
            var mode = (OperatorStateMode)body.ReadByte("an operator state's mode");
            if (mode > OperatorStateMode.Broadcast)
            {
                throw body.Unsupported(
                    $"operator state '{name}' of mode {(int)mode} at byte {body.Position - 1}",
                    "modes 0 to 2; use a newer library");
            }

            partitions[i] = new(name, mode, body.ReadOffsets(body.ReadCount(sizeof(long), "offsets")));
        }

        var handle = new OperatorStateHandle(MetadataInput.Own(partitions), NativeStreams.Read(ref body, depth: 0));
        body.ExpectEnd("operator state");
        return handle;
    }

    internal static void Write(NativeOutput output, OperatorStateHandle handle)
    {
        var begin = output.Begin(NativeTags.OperatorState);
        output.WriteInt32(handle.Partitions.Count);
        foreach (var partition in handle.Partitions)
        {
            output.WriteText(partition.Name);
            output.WriteCode((int)partition.Mode, 0, (int)OperatorStateMode.Broadcast, "mode of operator state");
            output.WriteInt32(partition.Offsets.Count);
            output.WriteOffsets(partition.Offsets);
        }

        NativeStreams.Write(output, handle.Stream, depth: 0);
        output.End(begin);
    }
}
