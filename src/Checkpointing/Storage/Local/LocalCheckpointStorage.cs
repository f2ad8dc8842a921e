#pragma warning disable RS0030 // Files are touched here: this folder is the local file system's only user in the core.
using System.Runtime.CompilerServices;

namespace Checkpointing.Storage.Local;

/// <summary>Stores checkpoints in a folder of a local or mounted file system.</summary>
/// <remarks>
/// <para>The folder is made when something is first written. Stored files are read-only. A file is written under a
/// temporary name beside its place, synced, and given its name by a hard link, or by a rename that replaces
/// nothing.</para>
/// <para>Several objects and processes may use one root at a time. Names that begin with <c>.tmp-</c>, and the folder
/// <c>.locks</c> below the root, belong to this class.</para>
/// <para>Disposing lets go of the lock by which other processes see that this one still writes; it is dropped at the
/// latest when the process ends. Reading goes on to work.</para>
/// <para>A path that a symbolic link leads out of the root is neither read nor listed nor deleted:
/// <see cref="ForeignPathException"/>, unless <see cref="LocalStorageOptions.AllowForeignRoots"/>. The root itself may
/// be reached by links.</para>
/// <para>On Windows names become durable without <see cref="SyncFoldersAsync"/>, and files are not made
/// read-only.</para>
/// </remarks>
public sealed class LocalCheckpointStorage : ICheckpointStorage, IDisposable
{
    private const int FilesBetweenYields = 256;

    private readonly bool _mayLink;
    private readonly long _reservedBytes;
    private readonly LocalFailures _failures;
    private readonly LocalFolders _folders;
    private readonly LocalLinks _links;
    private readonly TemporaryFiles _temporaryFiles;
    private readonly LocalFileTransfer _transfer;

    /// <summary>Stores below a folder.</summary>
    /// <param name="root">The folder; a relative path is taken from the current directory, now.</param>
    /// <param name="options">Settings; null for the defaults.</param>
    public LocalCheckpointStorage(string root, LocalStorageOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(root);
        Root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));
        _reservedBytes = (options ?? new()).ReservedBytes;
        ArgumentOutOfRangeException.ThrowIfNegative(_reservedBytes);
        var mayShare = options?.ForceCopy != true;
        _mayLink = mayShare && options?.NoHardLinks != true;
        _failures = new(Root);
        _folders = new(Root, _failures);
        _links = new(_folders, options?.AllowForeignRoots == true);
        _temporaryFiles = new(_folders, _links, _failures);
        _transfer = new(_folders, _links, _temporaryFiles, _failures, _mayLink, mayShare, options?.CopyRateLimit);
        Description = new Uri(Root).AbsoluteUri;
    }

    /// <summary>Full path of the folder.</summary>
    public string Root { get; }

    /// <inheritdoc/>
    public string Description { get; }

    /// <inheritdoc/>
    public ILocalFileTransfer LocalFiles => _transfer;

    /// <inheritdoc/>
    public ValueTask<StorageSpace?> GetSpaceAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            // Before the first checkpoint the root is not there yet: the folder above it is on its volume.
            var folder = Root;
            while (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is { } above)
            {
                folder = above;
            }

            return new(new StorageSpace(Root, new DriveInfo(folder).AvailableFreeSpace, _reservedBytes));
        }
        catch (Exception e) when (LocalFailures.IsOfFileSystem(e) || e is ArgumentException)
        {
            // Not known, as on a share of the network: writing will tell.
            return new((StorageSpace?)null);
        }
    }

    /// <inheritdoc/>
    public ValueTask<Stream> OpenReadAsync(string path, long offset, CancellationToken cancellationToken)
    {
        var full = FullPathOfFile(path);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        cancellationToken.ThrowIfCancellationRequested();
        _links.Check(path);
        FileStream? file = null;
        try
        {
            file = LocalPaths.OpenRead(full);
            file.Position = offset;
            return new(new LocalReadStream(file, path, _failures));
        }
        catch (Exception e) when (LocalFailures.IsOfFileSystem(e))
        {
            file?.Dispose();
            throw LocalPaths.IsMissing(e, full)
                ? new StoredFileMissingException(path, e)
                : _failures.Unavailable(path, LocalFailures.Read, e);
        }
    }

    /// <inheritdoc/>
    public ValueTask<long?> GetLengthAsync(string path, CancellationToken cancellationToken)
    {
        var full = FullPathOfFile(path);
        cancellationToken.ThrowIfCancellationRequested();
        return new(TryStat(full, path)?.LengthBytes);
    }

    /// <inheritdoc/>
    public ValueTask<IStorageWriter> CreateAsync(string path, CancellationToken cancellationToken)
    {
        FullPathOfFile(path);
        cancellationToken.ThrowIfCancellationRequested();
        return new(LocalStorageWriter.Open(path, _temporaryFiles, _folders, _failures, _mayLink));
    }

    /// <inheritdoc/>
    public ValueTask SyncFoldersAsync(IReadOnlyCollection<string> folders, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(folders);
        foreach (var folder in folders)
        {
            FullPathOfFolder(folder);
        }

        _folders.Sync(folders, cancellationToken);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredFile> ListAsync(
        string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var full = FullPathOfFolder(folder);
        _links.Check(folder);
        using var listing = OpenListing(full, folder);
        for (var count = 1; MoveNext(listing, folder); count++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var path = Path.GetRelativePath(Root, listing.Current).Replace(Path.DirectorySeparatorChar, '/');
            if (TryStat(listing.Current, path) is { } file)
            {
                yield return file;
            }

            if (count % FilesBetweenYields == 0)
            {
                // A listing of a million files shall not hold its caller's thread from end to end.
                await Task.Yield();
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DeleteAsync(string path, CancellationToken cancellationToken)
    {
        var full = FullPathOfFile(path);
        cancellationToken.ThrowIfCancellationRequested();

        // A link in the file's place is deleted itself, whatever it leads to.
        _links.Check(StoragePath.FolderOf(path));
        try
        {
            File.Delete(full);
        }
        catch (Exception e) when (LocalFailures.IsOfFileSystem(e))
        {
            if (!LocalPaths.IsMissing(e, full))
            {
                throw _failures.Unavailable(path, LocalFailures.Deleted, e);
            }
        }

        _folders.RemoveEmpty(StoragePath.FolderOf(path));
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<FileTransferKind> CopyAsync(string source, string target, CancellationToken cancellationToken)
    {
        var full = FullPathOfFile(source);
        FullPathOfFile(target);
        _links.Check(source);
        return _transfer.TakeInAsync(
            full, target, isSynced: true, e => new StoredFileMissingException(source, e), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<int> SweepTemporaryFilesAsync(string folder, CancellationToken cancellationToken)
    {
        FullPathOfFolder(folder);
        return new(_temporaryFiles.Sweep(folder, cancellationToken));
    }

    /// <inheritdoc/>
    public void Dispose() => _temporaryFiles.Dispose();

    /// <summary>Where symbolic links lead a path out of the root; null if they do not, or there are none.</summary>
    /// <param name="path">A path below the root; nothing need be there.</param>
    /// <remarks>Looks at names only and opens nothing, whatever the options say.</remarks>
    /// <exception cref="ArgumentException">The path has not the form of one below the root.</exception>
    public string? FindLinkOut(string path)
    {
        FullPathOfFile(path);
        return _links.FindWayOut(path);
    }

    private string FullPathOfFile(string path)
    {
        LocalPaths.CheckFile(path);
        return _folders.FullPath(path);
    }

    private string FullPathOfFolder(string folder)
    {
        LocalPaths.CheckFolder(folder);
        return _folders.FullPath(folder);
    }

    // Null if there is none; a folder of that name is none.
    private StoredFile? TryStat(string full, string path)
    {
        try
        {
            var info = new FileInfo(full);
            return (info.Attributes & FileAttributes.Directory) != 0 // so for a missing one, too
                ? null
                : new StoredFile(path, info.Length, info.LastWriteTimeUtc);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (LocalFailures.IsOfFileSystem(e))
        {
            throw _failures.Unavailable(path, LocalFailures.Read, e);
        }
    }

    private LocalListing OpenListing(string full, string folder)
    {
        try
        {
            return new(
                full, _temporaryFiles.LockFolderPath, isTemporary: false, followLinks: _links.AllowsForeignRoots);
        }
        catch (Exception e) when (LocalFailures.IsOfFileSystem(e))
        {
            throw _failures.Unavailable(folder, LocalFailures.Listed, e);
        }
    }

    private bool MoveNext(LocalListing listing, string folder)
    {
        try
        {
            return listing.MoveNext();
        }
        catch (Exception e) when (LocalFailures.IsOfFileSystem(e))
        {
            throw _failures.Unavailable(folder, LocalFailures.Listed, e);
        }
    }
}
