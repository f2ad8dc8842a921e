using System.Buffers;
using Checkpointing.Diagnostics;
using Checkpointing.RocksDb.Native;
using Checkpointing.RocksDb.Working;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.RocksDb.Snapshots;

/// <summary>Brings one SST file under a name of its own into the storage.</summary>
/// <param name="storage">The storage.</param>
/// <param name="newPath">Makes a new path.</param>
/// <param name="keyOf">Gives the key of a path.</param>
/// <param name="limit">How fast local files are read and sent; null: as fast as they can be.</param>
internal sealed class SstUpload(
    ICheckpointStorage storage, Func<string> newPath, Func<string, SharedStateKey> keyOf,
    ByteRateLimit? limit)
{
    /// <summary>Stores a pinned local file: by link where the storage can, else through memory.</summary>
    internal async ValueTask<Upload> StoreAsync(
        LiveFile file, string pinnedPath, CancellationToken cancellationToken)
    {
        try
        {
            var target = newPath();
            using var span = CheckpointingSpans.StartTransfer(target, file.SizeBytes);
            var (digest, length, kind) = storage.LocalFiles is { } local
                ? await LinkAsync(local, pinnedPath, target, cancellationToken).ConfigureAwait(false)
                : await SendAsync(pinnedPath, target, cancellationToken).ConfigureAwait(false);
            if (length != file.SizeBytes)
            {
                throw new CheckpointCorruptException(
                    pinnedPath, Math.Min(length, file.SizeBytes), $"{file.SizeBytes} bytes", $"{length}");
            }

            return new(Describe(target, length, digest), kind);
        }
        catch (IOException exception)
        {
            throw new CheckpointStorageUnavailableException(
                pinnedPath, $"cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>Makes a link or copy of a stored file, within the storage.</summary>
    /// <returns>Null if it is not there any more.</returns>
    internal async ValueTask<Upload?> TryCopyAsync(StoredSst source, CancellationToken cancellationToken)
    {
        var target = newPath();
        using var span = CheckpointingSpans.StartTransfer(target, source.Handle.SizeBytes);
        var kind = FileTransferKind.Stream;
        if (source.Handle is FileStateHandle file)
        {
            try
            {
                kind = await storage.CopyAsync(file.Path, target, cancellationToken).ConfigureAwait(false);
            }
            catch (StoredFileMissingException)
            {
                return null;
            }
        }
        else if (source.Handle is ByteStreamStateHandle bytes)
        {
            await storage.CreateAllAsync(target, bytes.Data.Items.AsMemory(), cancellationToken).ConfigureAwait(false);
        }

        return new Upload(Describe(target, source.Handle.SizeBytes, source.Digest), kind);
    }

    private StoredSst Describe(string path, long length, ContentDigest digest) =>
        new(keyOf(path), new FileStateHandle(path, length, digest), digest);

    private async ValueTask<(ContentDigest Digest, long LengthBytes, FileTransferKind Kind)> LinkAsync(
        ILocalFileTransfer local, string pinnedPath, string target, CancellationToken cancellationToken)
    {
        var (digest, length) = await PacedDigest.ComputeAsync(pinnedPath, limit, cancellationToken)
            .ConfigureAwait(false);

        // RocksDB syncs an SST file before it is in any version.
        var kind = await local.StoreAsync(pinnedPath, isSynced: true, target, cancellationToken).ConfigureAwait(false);
        return (digest, length, kind);
    }

    private async ValueTask<(ContentDigest Digest, long LengthBytes, FileTransferKind Kind)> SendAsync(
        string pinnedPath, string target, CancellationToken cancellationToken)
    {
        var source = WorkingFolder.OpenRead(pinnedPath);
        await using (source.ConfigureAwait(false))
        {
            var writer = await storage.CreateAsync(target, cancellationToken).ConfigureAwait(false);
            await using (writer.ConfigureAwait(false))
            {
                var buffer = ArrayPool<byte>.Shared.Rent(LocalFileDigest.BlockSize);
                try
                {
                    while (await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is var read and > 0)
                    {
                        await writer.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
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

                var digest = await writer.CommitAsync(cancellationToken).ConfigureAwait(false);
                return (digest, writer.LengthBytes, FileTransferKind.Stream);
            }
        }
    }

    /// <summary>A stored file, and how it got there.</summary>
    internal readonly record struct Upload(StoredSst Sst, FileTransferKind Kind);
}
