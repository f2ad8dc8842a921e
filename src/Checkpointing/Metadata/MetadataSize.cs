using Checkpointing.StateHandles;

namespace Checkpointing.Metadata;

/// <summary>Estimates the size of a metadata file before it is written, so that its buffer need not grow. Right for
/// texts in ASCII.</summary>
internal static class MetadataSize
{
    // At least the fixed fields of a record of either format, with the headers of the records around it.
    private const int Fixed = 64;

    internal static int Estimate(CheckpointMetadata metadata)
    {
        long size = 256;
        foreach (var state in metadata.MasterStates)
        {
            size += Fixed + state.Name.Length + state.Data.Count;
        }

        foreach (var record in metadata.UnknownRecords)
        {
            size += Fixed + record.Body.Count;
        }

        foreach (var one in metadata.Operators)
        {
            size += Fixed + (one.States.Count * 3L * Fixed);
            foreach (var subtask in one.Subtasks)
            {
                size += Fixed + Of(subtask.ManagedKeyed) + Of(subtask.RawKeyed) + Of(subtask.ManagedOperator)
                    + Of(subtask.RawOperator) + Of(subtask.Legacy, 0);
            }
        }

        return (int)Math.Min(size, Array.MaxLength);
    }

    private static long Of(KeyedStateHandle? handle)
    {
        if (handle is not IncrementalKeyedStateHandle incremental)
        {
            return handle is KeyGroupsStateHandle groups ? Of(groups, 0) : 0;
        }

        var size = (2L * Fixed) + Of(incremental.MetaFile, 0);
        foreach (var file in incremental.SharedFiles)
        {
            size += file.LocalName.Length + Of(file.Handle, 0);
        }

        foreach (var file in incremental.PrivateFiles)
        {
            size += file.LocalName.Length + Of(file.Handle, 0);
        }

        return size;
    }

    private static long Of(KeyGroupsStateHandle groups, int depth) =>
        Fixed + (groups.Offsets.Count * (long)sizeof(long)) + Of(groups.Stream, depth + 1);

    private static long Of(OperatorStateHandle? handle)
    {
        if (handle is null)
        {
            return 0;
        }

        var size = Fixed + Of(handle.Stream, 0);
        foreach (var partition in handle.Partitions)
        {
            size += 16 + partition.Name.Length + (partition.Offsets.Count * (long)sizeof(long));
        }

        return size;
    }

    private static long Of(StreamStateHandle? handle, int depth) => handle switch
    {
        // 43 bytes around a path is what our own format takes: local name 4, record 6, path 4, length 8, transform 2,
        // digest 17.
        FileStateHandle file => 43 + file.Path.Length,
        RelativeFileStateHandle file => 43 + file.RelativePath.Length,
        ByteStreamStateHandle bytes => 20 + bytes.Name.Length + bytes.Data.Count,
        KeyGroupsStreamStateHandle groups when depth < MetadataInput.MaxDepth => Of(groups.KeyGroups, depth),
        _ => 16,
    };
}
