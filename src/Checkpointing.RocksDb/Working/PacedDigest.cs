using System.Buffers;
using System.IO.Hashing;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.RocksDb.Working;

/// <summary>Reads local files whole, for their digest, at a limited rate.</summary>
internal static class PacedDigest
{
    private const int BlockSize = 64 * 1024;

    /// <summary>Length and digest of a local file; without a limit at once, on the caller's thread.</summary>
    internal static async ValueTask<(ContentDigest Digest, long LengthBytes)> ComputeAsync(
        string path, ByteRateLimit? limit, CancellationToken cancellationToken)
    {
        if (limit is null)
        {
            return LocalFileDigest.Compute(path, cancellationToken);
        }

        var hash = new XxHash128();
        var length = 0L;
        var buffer = ArrayPool<byte>.Shared.Rent(BlockSize);
        try
        {
            var file = WorkingFolder.OpenRead(path);
            await using (file.ConfigureAwait(false))
            {
                while (await file.ReadAsync(buffer.AsMemory(0, BlockSize), cancellationToken).ConfigureAwait(false)
                    is var read and > 0)
                {
                    hash.Append(buffer.AsSpan(0, read));
                    length += read;
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
