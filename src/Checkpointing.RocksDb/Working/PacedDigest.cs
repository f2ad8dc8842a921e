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

        var file = WorkingFolder.OpenRead(path);
        await using (file.ConfigureAwait(false))
        {
            return await LocalFileDigest.CopyAsync(file, Stream.Null, limit, cancellationToken, BlockSize)
                .ConfigureAwait(false);
        }
    }
}
