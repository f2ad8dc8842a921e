using System.Globalization;
using Checkpointing.Diagnostics;
using Checkpointing.RocksDb.Working;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.RocksDb.Restore;

/// <summary>Brings stored files into a local folder and proves each before anything is made of it.</summary>
/// <remarks>RocksDB notices a flipped bit only when it reads that block, and ends a scan there as if it were
/// over.</remarks>
/// <param name="storage">The storage.</param>
/// <param name="folder">A new local folder, on the volume of the database.</param>
/// <param name="options">How many files at a time, and what is verified of them.</param>
/// <param name="behind">Takes files to be verified later.</param>
internal sealed class FileStaging(
    ICheckpointStorage storage, string folder, RocksDbBackendOptions options, UnverifiedFiles behind)
{
    private readonly Lock _lock = new();
    private TransferCounts _transfers;

    /// <summary>How the files got here.</summary>
    internal TransferCounts Transfers
    {
        get
        {
            lock (_lock)
            {
                return _transfers;
            }
        }
    }

    /// <summary>The local folder.</summary>
    internal string Folder => folder;

    /// <summary>Name of a staged file: never that of the stored or the old local file, which may be there
    /// twice.</summary>
    internal static string NameOf(int index) => string.Create(CultureInfo.InvariantCulture, $"{index:D6}.sst");

    /// <summary>Fetches and verifies files.</summary>
    /// <exception cref="CheckpointCorruptException">Length or digest of a file differ.</exception>
    /// <exception cref="StoredFileMissingException">A file is not there.</exception>
    internal async ValueTask FetchAsync(IReadOnlyList<StoredSnapshotFile> files, CancellationToken cancellationToken)
    {
        var parallel = new ParallelOptions
        {
            MaxDegreeOfParallelism = options.TransferParallelism,
            CancellationToken = cancellationToken,
        };
        await Parallel.ForAsync(0, files.Count, parallel, async (index, token) =>
        {
            var localPath = Path.Combine(folder, NameOf(index));
            try
            {
                var (digest, length) = await FetchAsync(files[index], localPath, token).ConfigureAwait(false);
                Verify(files[index], digest, length);
                if (digest is null && options.Verification == RestoreVerification.Background)
                {
                    behind.Add(files[index], localPath);
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new CheckpointStorageUnavailableException(
                    files[index].Path, $"cannot be brought to '{localPath}': {exception.Message}", exception);
            }
        }).ConfigureAwait(false);
    }

    /// <summary>Compares a file with what the catalogue says of it.</summary>
    /// <param name="file">The file.</param>
    /// <param name="digest">Its digest; null if it was not read.</param>
    /// <param name="length">Its length.</param>
    /// <exception cref="CheckpointCorruptException">It is another.</exception>
    internal static void Verify(StoredSnapshotFile file, ContentDigest? digest, long length)
    {
        var expected = file.Record.File.SizeBytes;
        if (length != expected)
        {
            throw new CheckpointCorruptException(
                file.Path, Math.Min(length, expected), $"{expected} bytes", $"{length}");
        }

        if (digest is not null && digest != file.Record.Digest)
        {
            throw new CheckpointCorruptException(
                file.Path, 0, $"{expected} bytes of digest {file.Record.Digest}", $"digest {digest}");
        }
    }

    private async ValueTask<(ContentDigest? Digest, long LengthBytes)> FetchAsync(
        StoredSnapshotFile file, string localPath, CancellationToken cancellationToken)
    {
        using var span = CheckpointingSpans.StartFetch(file.Path, file.Record.File.SizeBytes);
        if (file.Sst.Handle is FileStateHandle && storage.LocalFiles is { } local)
        {
            var kind = await local.FetchAsync(file.Path, localPath, cancellationToken).ConfigureAwait(false);
            Count(file, kind);
            return options.Verification == RestoreVerification.Full
                ? await PacedDigest.ComputeAsync(localPath, options.TransferRateLimit, cancellationToken)
                    .ConfigureAwait(false)
                : (null, WorkingFolder.LengthOf(localPath));
        }

        var source = file.Sst.Handle is ByteStreamStateHandle bytes
            ? new MemoryStream([.. bytes.Data.Items])
            : await storage.OpenReadAsync(file.Path, 0, cancellationToken).ConfigureAwait(false);
        await using (source.ConfigureAwait(false))
        {
            var target = WorkingFolder.CreateFile(localPath);
            await using (target.ConfigureAwait(false))
            {
                Count(file, FileTransferKind.Stream);
                return await LocalFileDigest
                    .CopyAsync(source, target, options.TransferRateLimit, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private void Count(StoredSnapshotFile file, FileTransferKind kind)
    {
        lock (_lock)
        {
            _transfers += new FileTransfer(file.Path, file.Record.File.SizeBytes, kind).Counts;
        }
    }
}
