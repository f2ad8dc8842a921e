using System.Buffers;
using System.IO.Hashing;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.RocksDb.Working;

/// <summary>Reads files whole, for their digest.</summary>
internal static class LocalFileDigest
{
    internal const int BlockSize = 256 * 1024;

    /// <summary>Length and digest of a local file.</summary>
    /// <remarks>Reads on the caller's thread: a read that a local file has in memory takes less time than handing it to
    /// another thread and back.</remarks>
    internal static (ContentDigest Digest, long LengthBytes) Compute(string path, CancellationToken cancellationToken)
    {
        var hash = new XxHash128();
        var length = 0L;
        var buffer = ArrayPool<byte>.Shared.Rent(BlockSize);
        try
        {
            using var file = WorkingFolder.OpenRead(path);
            while (file.Read(buffer) is var read and > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                hash.Append(buffer.AsSpan(0, read));
                length += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return (ContentDigest.Of(hash), length);
    }

    /// <summary>Copies a stream to its end, at the rate if there is one.</summary>
    internal static async ValueTask<(ContentDigest Digest, long LengthBytes)> CopyAsync(
        Stream source, Stream target, ByteRateLimit? limit, CancellationToken cancellationToken,
        int blockSize = BlockSize)
    {
        var hash = new XxHash128();
        var length = 0L;
        var buffer = ArrayPool<byte>.Shared.Rent(blockSize);
        try
        {
            while (await source.ReadAsync(buffer.AsMemory(0, blockSize), cancellationToken)
                .ConfigureAwait(false) is var read and > 0)
            {
                hash.Append(buffer.AsSpan(0, read));
                length += read;
                await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                if (limit is not null)
                {
                    await limit.TakeAsync(read, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return (ContentDigest.Of(hash), length);
    }
}
