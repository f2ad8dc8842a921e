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
            var mode = (OperatorStateMode)body.ReadCode((byte)OperatorStateMode.Broadcast, "operator state of mode");
            partitions[i] = new(name, mode, body.ReadOffsets(body.ReadCount(sizeof(long), "offsets")));
        }

        var stream = NativeStreams.Read(ref body, depth: 0);
        MergedFileFolders? merged = null;
        List<OpaqueRecord>? unknown = null;
        while (body.TryReadRecord(out tag, out var record))
        {
            if (tag == NativeTags.MergedFiles)
            {
                record.RefuseSecond(merged is not null, "merged files");
                merged = ReadMergedFiles(ref record);
            }
            else
            {
                record.Keep(tag, "operator state", ref unknown);
            }
        }

        return new(MetadataInput.Own(partitions), stream) { MergedFiles = merged, UnknownRecords = unknown.Own() };
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
        if (handle.MergedFiles is { } merged)
        {
            var mergedBegin = output.Begin(NativeTags.MergedFiles);
            output.WriteText(merged.TaskOwnedFolder);
            output.WriteText(merged.SharedFolder);
            output.WriteByte(merged.IsEmpty ? (byte)1 : (byte)0);
            output.End(mergedBegin);
        }

        output.WriteUnknown(handle.UnknownRecords);
        output.End(begin);
    }

    private static MergedFileFolders ReadMergedFiles(ref NativeInput body)
    {
        var merged = new MergedFileFolders(
            body.ReadText("the folder that a task owns"),
            body.ReadText("a shared folder"),
            body.ReadBoolean("whether merged files are empty"));
        body.ExpectEnd("merged files");
        return merged;
    }
}
