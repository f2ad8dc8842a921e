#pragma warning disable RS0030 // Files are touched here: this folder is the local file system's only user in the core.
using System.Buffers;
using Checkpointing.Storage.Local.Native;

namespace Checkpointing.Storage.Local;

/// <summary>Whole files into, within and out of the root: a hard link where the file system makes one, else shared
/// blocks, else a copy.</summary>
/// <param name="folders">Folders below the root.</param>
/// <param name="links">Looks at symbolic links.</param>
/// <param name="temporaryFiles">Names of temporary files.</param>
/// <param name="failures">Says what went wrong.</param>
/// <param name="mayLink">Whether hard links are made.</param>
/// <param name="mayShare">Whether blocks may be shared.</param>
/// <param name="copyLimit">How fast files are copied; null: as fast as they can be.</param>
internal sealed class LocalFileTransfer(
    LocalFolders folders, LocalLinks links, TemporaryFiles temporaryFiles, LocalFailures failures, bool mayLink,
    bool mayShare, ByteRateLimit? copyLimit)
    : ILocalFileTransfer
{
    // Of larger ones, Linux may look long for one piece of memory to cache each in.
    private const int CopyBlockBytes = 256 << 10;

    /// <inheritdoc/>
    /// <remarks>A hard link makes the local file read-only too: it is the same file.</remarks>
    public async ValueTask<FileTransferKind> StoreAsync(
        string localPath, bool isSynced, string target, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(localPath);
        LocalPaths.CheckFile(target);
        var kind = await TakeInAsync(
            Path.GetFullPath(localPath),
            target,
            isSynced,
            _ => failures.NotWritten(target, $"the local file '{localPath}' does not exist"),
            cancellationToken).ConfigureAwait(false);
        if (kind == FileTransferKind.HardLink)
        {
            MakeReadOnly(folders.FullPath(target));
        }

        return kind;
    }

    /// <inheritdoc/>
    /// <remarks>The local file's folder is made if it is not there. A copy is not synced: a working file is of no use
    /// after a crash.</remarks>
    public async ValueTask<FileTransferKind> FetchAsync(
        string source, string localPath, CancellationToken cancellationToken)
    {
        LocalPaths.CheckFile(source);
        ArgumentException.ThrowIfNullOrEmpty(localPath);
        cancellationToken.ThrowIfCancellationRequested();
        links.Check(source);
        var from = folders.FullPath(source);
        var to = Path.GetFullPath(localPath);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            if (mayLink && TryLinkOut(from, source, to))
            {
                return FileTransferKind.HardLink;
            }

            return await CopyOutAsync(from, to, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (LocalFailures.IsOfFileSystem(e))
        {
            if (!File.Exists(from) && LocalPaths.IsMissing(e, from))
            {
                throw new StoredFileMissingException(source, e);
            }

            throw LocalFailures.NotFetched(source, to, NativeError.FromException(e), e);
        }
    }

    /// <summary>Gives a complete file a name below the root, or copies it there.</summary>
    /// <param name="from">Full path of the file.</param>
    /// <param name="target">The new name.</param>
    /// <param name="isSynced">Whether the file's content is durable already.</param>
    /// <param name="missing">What to throw if there is no such file.</param>
    /// <param name="cancellationToken">Observed between two blocks of a copy.</param>
    public async ValueTask<FileTransferKind> TakeInAsync(
        string from,
        string target,
        bool isSynced,
        Func<Exception?, Exception> missing,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (mayLink)
        {
            if (!isSynced)
            {
                Sync(from, target, missing);
            }

            if (TryLinkIn(from, target, missing))
            {
                return FileTransferKind.HardLink;
            }
        }

        var file = OpenForCopy(from, target, missing);
        await using (file.ConfigureAwait(false))
        {
            var writer = LocalStorageWriter.Open(target, temporaryFiles, folders, failures, mayLink);
            await using (writer.ConfigureAwait(false))
            {
                var kind = mayShare && writer.TryClone(file.File)
                    ? FileTransferKind.Reflink
                    : FileTransferKind.Copy;
                if (kind == FileTransferKind.Copy)
                {
                    await CopyAsync(file, writer.WriteAsync, cancellationToken).ConfigureAwait(false);
                }

                await writer.CommitAsync(cancellationToken).ConfigureAwait(false);
                return kind;
            }
        }
    }

    private bool TryLinkIn(string from, string target, Func<Exception?, Exception> missing)
    {
        for (var attempt = 1; ; attempt++)
        {
            var isMade = folders.TryMake(StoragePath.FolderOf(target), target);
            var error = NativeFiles.CreateHardLink(from, folders.FullPath(target));
            switch (error.Kind)
            {
                case NativeErrorKind.None:
                    return true;
                case NativeErrorKind.LinkUnsupported:
                    return false;
                case NativeErrorKind.Exists:
                    throw new StoredFileExistsException(target);
                case NativeErrorKind.Missing when isMade && !File.Exists(from):
                    throw missing(null);
                case NativeErrorKind.Missing when attempt < LocalFolders.MaxAttempts:
                    // Somebody deleted the last file of the target's folder, and with it the folder.
                    continue;
                default:
                    throw failures.Unavailable(target, LocalFailures.Written, error);
            }
        }
    }

    private static bool TryLinkOut(string from, string source, string to)
    {
        var error = NativeFiles.CreateHardLink(from, to);
        return error.Kind switch
        {
            NativeErrorKind.None => true,
            NativeErrorKind.LinkUnsupported => false,
            NativeErrorKind.Missing or NativeErrorKind.NotADirectory when !File.Exists(from) =>
                throw new StoredFileMissingException(source),
            _ => throw LocalFailures.NotFetched(source, to, error, null),
        };
    }

    private async ValueTask<FileTransferKind> CopyOutAsync(string from, string to, CancellationToken cancellationToken)
    {
        var kind = FileTransferKind.Copy;
        var isComplete = false;
        var isMade = false;
        try
        {
            var input = LocalPaths.OpenRead(from);
            await using (input.ConfigureAwait(false))
            {
                var output = new FileStream(
                    to, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous);
                isMade = true;
                await using (output.ConfigureAwait(false))
                {
                    if (mayShare && TryClone(input, output))
                    {
                        kind = FileTransferKind.Reflink;
                    }
                    else
                    {
                        await CopyAsync(input, output.WriteAsync, cancellationToken).ConfigureAwait(false);
                    }
                }
            }

            isComplete = true;
            return kind;
        }
        finally
        {
            if (isMade && !isComplete)
            {
                TemporaryFiles.TryDelete(to);
            }
        }
    }

    private static bool TryClone(FileStream input, FileStream output)
    {
        if (NativeFiles.CloneContent(input.SafeFileHandle, output.SafeFileHandle).Kind == NativeErrorKind.None)
        {
            return true;
        }

        // Whatever the reason was: a copy will find out whether it can be done at all.
        output.SetLength(0);
        return false;
    }

    private async ValueTask CopyAsync(
        Stream input,
        Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write,
        CancellationToken cancellationToken)
    {
        var block = ArrayPool<byte>.Shared.Rent(CopyBlockBytes);
        try
        {
            int read;
            while ((read = await input.ReadAsync(block, cancellationToken).ConfigureAwait(false)) > 0)
            {
                if (copyLimit is not null)
                {
                    await copyLimit.TakeAsync(read, cancellationToken).ConfigureAwait(false);
                }

                await write(block.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    private LocalReadStream OpenForCopy(string from, string target, Func<Exception?, Exception> missing)
    {
        try
        {
            return new(LocalPaths.OpenRead(from), from, failures);
        }
        catch (Exception e) when (LocalFailures.IsOfFileSystem(e))
        {
            throw LocalPaths.IsMissing(e, from) ? missing(e) : failures.Unavailable(target, LocalFailures.Written, e);
        }
    }

    private void Sync(string from, string target, Func<Exception?, Exception> missing)
    {
        try
        {
            // Windows syncs only what is open for writing; elsewhere the file may be read-only.
            var access = OperatingSystem.IsWindows() ? FileAccess.ReadWrite : FileAccess.Read;
            using var file = File.OpenHandle(from, FileMode.Open, access, FileShare.ReadWrite | FileShare.Delete);
            RandomAccess.FlushToDisk(file);
        }
        catch (Exception e) when (LocalFailures.IsOfFileSystem(e))
        {
            throw LocalPaths.IsMissing(e, from) ? missing(e) : failures.Unavailable(target, LocalFailures.Written, e);
        }
    }

    private static void MakeReadOnly(string full)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        try
        {
            File.SetUnixFileMode(full, File.GetUnixFileMode(full) & ~LocalPaths.WriteModes);
        }
        catch (Exception e) when (LocalFailures.IsOfFileSystem(e))
        {
            // Another user's file: linked is enough.
        }
    }
}
