using System.Buffers;
using System.IO.Hashing;
using Checkpointing.StateHandles;

namespace Checkpointing.RocksDb.Working;

/// <summary>Reads files whole, for their digest.</summary>
internal static class LocalFileDigest
{
    internal const int BlockSize = 256 * 1024;

    /// <summary>Length and digest of a local file.</summary>
    internal static async ValueTask<(ContentDigest Digest, long LengthBytes)> ComputeAsync(
        string path, CancellationToken cancellationToken)
    {
        var stream = WorkingFolder.OpenRead(path);
        await using (stream.ConfigureAwait(false))
        {
            return await CopyAsync(stream, null, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Reads a stream to its end, and writes it on if there is a target.</summary>
    internal static async ValueTask<(ContentDigest Digest, long LengthBytes)> CopyAsync(
        Stream source, Stream? target, CancellationToken cancellationToken)
    {
        var hash = new XxHash128();
        var length = 0L;
        var buffer = ArrayPool<byte>.Shared.Rent(BlockSize);
        try
        {
            while (await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is var read and > 0)
            {
                hash.Append(buffer.AsSpan(0, read));
                length += read;
                if (target is not null)
                {
                    await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
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
