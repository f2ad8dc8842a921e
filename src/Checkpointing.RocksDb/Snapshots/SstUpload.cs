using System.Buffers;
using System.Diagnostics;
using Checkpointing.RocksDb.Native;
using Checkpointing.RocksDb.Working;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.RocksDb.Snapshots;

/// <summary>Brings one SST file under a name of its own into the storage.</summary>
/// <param name="storage">The storage.</param>
/// <param name="newPath">Makes a new shared path.</param>
internal sealed class SstUpload(ICheckpointStorage storage, Func<string> newPath)
{
    /// <summary>Stores a pinned local file: by link where the storage can, else through memory.</summary>
    internal async ValueTask<Upload> StoreAsync(
        LiveFile file, string pinnedPath, CancellationToken cancellationToken)
    {
        try
        {
            var target = newPath();
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

    /// <summary>Makes a link or copy of another job's file, within the storage.</summary>
    internal async ValueTask<Upload> CopyAsync(StoredSst foreign, CancellationToken cancellationToken)
    {
        var target = newPath();
        var kind = FileTransferKind.Stream;
        if (foreign.Handle is FileStateHandle file)
        {
            kind = await storage.CopyAsync(file.Path, target, cancellationToken).ConfigureAwait(false);
        }
        else if (foreign.Handle is ByteStreamStateHandle bytes)
        {
            await storage.CreateAllAsync(target, bytes.Data.Items.AsMemory(), cancellationToken).ConfigureAwait(false);
        }

        return new(Describe(target, foreign.Handle.SizeBytes, foreign.Digest), kind);
    }

    private static StoredSst Describe(string path, long length, ContentDigest digest) =>
        SharedStateKey.TryParse(path, out var key)
            ? new(key, new FileStateHandle(path, length, digest), digest)
            : throw new UnreachableException($"'{path}' is not the path of a shared file.");

    private static async ValueTask<(ContentDigest Digest, long LengthBytes, FileTransferKind Kind)> LinkAsync(
        ILocalFileTransfer local, string pinnedPath, string target, CancellationToken cancellationToken)
    {
        var (digest, length) = await LocalFileDigest.ComputeAsync(pinnedPath, cancellationToken).ConfigureAwait(false);

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
