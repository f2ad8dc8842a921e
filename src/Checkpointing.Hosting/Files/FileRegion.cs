using System.Buffers;
using System.IO.Hashing;
using Checkpointing.StateHandles;
using Microsoft.Win32.SafeHandles;

namespace Checkpointing.Hosting.Files;

/// <summary>Bytes inside an open file.</summary>
internal static class FileRegion
{
    private const int BlockSize = 64 * 1024;

    /// <summary>Digest of a region; of less if the file ends before.</summary>
    public static ContentDigest DigestOf(SafeFileHandle file, long offset, long lengthBytes)
    {
        var hash = new XxHash128();
        Read(file, offset, lengthBytes, (block, _) => hash.Append(block));
        return ContentDigest.Of(hash);
    }

    /// <summary>Copies a region to a place in another file.</summary>
    public static void Copy(
        SafeFileHandle source, long lengthBytes, SafeFileHandle target, long targetOffset, Action beforeBlock) =>
        Read(source, 0, lengthBytes, (block, at) =>
        {
            beforeBlock();
            RandomAccess.Write(target, block, targetOffset + at);
        });

    private static void Read(SafeFileHandle file, long offset, long lengthBytes, ReadOnlySpanAction<byte, long> take)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BlockSize);
        try
        {
            for (long done = 0; done < lengthBytes;)
            {
                var wanted = (int)Math.Min(buffer.Length, lengthBytes - done);
                var read = RandomAccess.Read(file, buffer.AsSpan(0, wanted), offset + done);
                if (read == 0)
                {
                    return;
                }

                take(buffer.AsSpan(0, read), done);
                done += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
