using System.Buffers;
using Checkpointing.StateHandles;

namespace Checkpointing.Storage;

/// <summary>Whole small files: metadata, register records, catalogues.</summary>
public static class CheckpointStorageExtensions
{
    /// <summary>Creates a file of these bytes and makes it and its name durable.</summary>
    /// <exception cref="StoredFileExistsException">A file has the name; nothing was changed.</exception>
    public static async ValueTask<ContentDigest> WriteAllAsync(
        this ICheckpointStorage storage, string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var digest = await storage.CreateAllAsync(path, content, cancellationToken).ConfigureAwait(false);

        // Not cancelled: the file is there, and only its name may still be lost.
        await storage.SyncFoldersAsync([StoragePath.FolderOf(path)], CancellationToken.None).ConfigureAwait(false);
        return digest;
    }

    /// <summary>Creates a file of these bytes; the caller syncs the folder.</summary>
    /// <exception cref="StoredFileExistsException">A file has the name; nothing was changed.</exception>
    public static async ValueTask<ContentDigest> CreateAllAsync(
        this ICheckpointStorage storage, string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(storage);
        var writer = await storage.CreateAsync(path, cancellationToken).ConfigureAwait(false);
        await using (writer.ConfigureAwait(false))
        {
            await writer.WriteAsync(content, cancellationToken).ConfigureAwait(false);
            return await writer.CommitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Reads a whole file.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="path">The file.</param>
    /// <param name="maxLengthBytes">A longer file is refused: nothing is reserved on the word of a damaged
    /// folder.</param>
    /// <param name="cancellationToken">Observed between two blocks.</param>
    /// <exception cref="StoredFileMissingException">There is no such file.</exception>
    /// <exception cref="CheckpointCorruptException">The file is longer than allowed.</exception>
    public static async ValueTask<byte[]> ReadAllAsync(
        this ICheckpointStorage storage, string path, long maxLengthBytes, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(storage);
        var stream = await storage.OpenReadAsync(path, 0, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            // A block is borrowed: most files read this way are much smaller than it.
            var block = ArrayPool<byte>.Shared.Rent(64 * 1024);
            try
            {
                var content = new ArrayBufferWriter<byte>();
                while (true)
                {
                    var read = await stream.ReadAsync(block, cancellationToken).ConfigureAwait(false);
                    if (read == 0)
                    {
                        return content.WrittenSpan.ToArray();
                    }

                    content.Write(block.AsSpan(0, read));
                    if (content.WrittenCount > maxLengthBytes)
                    {
                        throw new CheckpointCorruptException(
                            path, maxLengthBytes, $"at most {maxLengthBytes} bytes", "a longer file");
                    }
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(block);
            }
        }
    }
}
