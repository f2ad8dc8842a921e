using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.State;

/// <summary>Fills the states of an operator from stored streams.</summary>
internal static class OperatorStateRestore
{
    internal static async ValueTask RunAsync(
        OperatorState state, SubtaskStateContext context, CancellationToken cancellationToken)
    {
        foreach (var handle in context.Restore.Operator)
        {
            var partitions = handle.Partitions.Items.Where(static partition => partition.Offsets.Count > 0).ToArray();
            if (partitions.Length == 0)
            {
                continue;
            }

            var path = StoredStream.PathOf(handle.Stream);
            var stream = await ReadAsync(handle.Stream, context.Storage, cancellationToken).ConfigureAwait(false);
            AddItems(state, context, partitions, stream, path);
        }
    }

    /// <summary>The items of one state as bytes, in stored order.</summary>
    internal static async ValueTask<IReadOnlyList<ReadOnlyMemory<byte>>> ReadItemsAsync(
        ICheckpointStorage storage, OperatorStateHandle handle, string stateName, CancellationToken cancellationToken)
    {
        var offsets = handle.Partitions.Where(partition => partition.Name == stateName)
            .SelectMany(static partition => partition.Offsets).ToList();
        if (offsets.Count == 0)
        {
            return [];
        }

        var path = StoredStream.PathOf(handle.Stream);
        var stream = await ReadAsync(handle.Stream, storage, cancellationToken).ConfigureAwait(false);
        var (_, itemsOffset) = OperatorStateFormat.ReadHead(stream, path);
        return
        [
            .. offsets.Select(offset => new ReadOnlyMemory<byte>(
                OperatorStateFormat.ReadItem(stream, itemsOffset, offset, path).ToArray())),
        ];
    }

    private static async ValueTask<byte[]> ReadAsync(
        StreamStateHandle handle, ICheckpointStorage storage, CancellationToken cancellationToken) => handle switch
        {
            ByteStreamStateHandle bytes => [.. bytes.Data],
            FileStateHandle file => Verify(file, await storage.ReadAllAsync(
                file.Path, file.FileSizeBytes, cancellationToken).ConfigureAwait(false)),
            _ => throw new ArgumentException(
                $"A {handle.GetType().Name} cannot be read; it is resolved before state is opened.", nameof(handle)),
        };

    // The stream has a digest of its own, but not over its first bytes: those would pass for another system's.
    private static byte[] Verify(FileStateHandle file, byte[] content)
    {
        if (content.Length != file.FileSizeBytes)
        {
            throw new CheckpointCorruptException(
                file.Path, content.Length, $"{file.FileSizeBytes} bytes", $"{content.Length}");
        }

        return file.Digest is { } expected && ContentDigest.Of(content) is var actual && actual != expected
            ? throw new CheckpointCorruptException(
                file.Path, 0, $"{file.FileSizeBytes} bytes of digest {expected}", $"digest {actual}")
            : content;
    }

    private static void AddItems(
        OperatorState state, SubtaskStateContext context, IReadOnlyList<OperatorStatePartition> partitions,
        byte[] stream, string path)
    {
        var (stored, itemsOffset) = OperatorStateFormat.ReadHead(stream, path);
        StateDescriptor[] declared = [.. state.States.Select(static declared => declared.Descriptor)];
        foreach (var partition in partitions)
        {
            var description = stored.FirstOrDefault(description => description.Name == partition.Name)
                ?? throw new CheckpointCorruptException(path, 0, $"a description of state '{partition.Name}'", "none");
            StateCompatibility.Check(context, [description], declared, null);
            if (state.Find(partition.Name) is { } target)
            {
                foreach (var offset in partition.Offsets)
                {
                    target.AddStored(
                        OperatorStateFormat.ReadItem(stream, itemsOffset, offset, path), description.Value!);
                }
            }
        }
    }
}
