#pragma warning disable RS0030 // Files are touched here: this folder is the local file system's only user in the core.
using Checkpointing.Storage.Local.Native;

namespace Checkpointing.Storage.Local;

/// <summary>Names of files that are being written, and how to tell whether their writer still lives.</summary>
/// <remarks>
/// A name is <c>.tmp-&lt;owner&gt;-&lt;unique&gt;</c>. The owner is a storage object in some process; as long as it
/// lives it holds a lock on the file <c>.locks/&lt;owner&gt;</c> below the root, which is dropped when the process
/// ends, however it ends. So a temporary file is left over if and only if its owner's lock is free.
/// </remarks>
internal sealed class TemporaryFiles(LocalFolders folders, LocalLinks links, LocalFailures failures) : IDisposable
{
    public const string Prefix = ".tmp-";
    public const string LockFolder = ".locks";

    private const int TokenLength = 32;
    private const int MaxAttempts = 10;

    private static readonly int OwnerEnd = Prefix.Length + TokenLength;

    private readonly Lock _lock = new();
    private FileStream? _held;
    private string? _owner;
    private bool _locksWork;
    private bool _isDisposed;

    /// <summary>Full path of the folder of the locks.</summary>
    public string LockFolderPath => folders.FullPath(LockFolder);

    /// <summary>A new name; from the first one on, this object holds its lock.</summary>
    /// <param name="forPath">What is to be written, for the message if that cannot be.</param>
    public string NewName(string forPath) => $"{Prefix}{Owner(forPath)}-{NewToken()}";

    /// <summary>Removes the temporary files below a folder whose owners no longer run.</summary>
    public int Sweep(string folder, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(folders.Root))
        {
            return 0;
        }

        links.Check(folder);
        _ = Owner(folder);
        if (!_locksWork)
        {
            // No file system lock, no proof: what is left over stays.
            return 0;
        }

        // Listed before the locks are tried: an owner takes its lock before it makes its first file.
        var count = 0;
        foreach (var group in ListTemporary(folder, cancellationToken).GroupBy(static file => file.Owner).ToList())
        {
            if (!IsGone(group.Key))
            {
                continue;
            }

            foreach (var (_, file) in group)
            {
                cancellationToken.ThrowIfCancellationRequested();
                count += TryDelete(file) ? 1 : 0;
                folders.RemoveEmpty(StoragePath.FolderOf(
                    Path.GetRelativePath(folders.Root, file).Replace(Path.DirectorySeparatorChar, '/')));
            }
        }

        return count;
    }

    /// <summary>Deletes a file if that can be done now.</summary>
    public static bool TryDelete(string file)
    {
        try
        {
            File.Delete(file);
            return true;
        }
        catch (Exception e) when (LocalFailures.IsOfFileSystem(e))
        {
            return false;
        }
    }

    /// <summary>Lets go of the lock: what this object left unfinished may be swept.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            if (_held is not null)
            {
                // Deleted while it is locked, so that nobody can take it for a living owner's.
                TryDelete(_held.Name);
                _held.Dispose();
                _held = null;
            }
        }
    }

    private static string NewToken() => IdSource.System.NewGuid().ToString("N");

    private List<(string Owner, string File)> ListTemporary(string folder, CancellationToken cancellationToken)
    {
        try
        {
            var found = new List<(string, string)>();
            using var listing = new LocalListing(
                folders.FullPath(folder), LockFolderPath, isTemporary: true, followLinks: links.AllowsForeignRoots);
            while (listing.MoveNext())
            {
                cancellationToken.ThrowIfCancellationRequested();
                var name = Path.GetFileName(listing.Current);
                if (name.Length == OwnerEnd + 1 + TokenLength && name[OwnerEnd] == '-')
                {
                    found.Add((name.Substring(Prefix.Length, TokenLength), listing.Current));
                }
            }

            return found;
        }
        catch (Exception e) when (LocalFailures.IsOfFileSystem(e))
        {
            throw failures.Unavailable(folder, LocalFailures.Listed, e);
        }
    }

    // I/O under a lock: once in a life, and nobody can go on without it.
    private string Owner(string forPath)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, typeof(LocalCheckpointStorage));
            for (var attempt = 1; _owner is null; attempt++)
            {
                TryTakeNeedsLock(forPath, isLastAttempt: attempt == MaxAttempts);
            }

            return _owner;
        }
    }

    private void TryTakeNeedsLock(string forPath, bool isLastAttempt)
    {
        var owner = NewToken();
        var path = LockPathOf(owner);
        if (!folders.TryMake(LockFolder, forPath) && !isLastAttempt)
        {
            return;
        }

        try
        {
            // Not buffered and never written: the lock is all that matters.
            var file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            if (!File.Exists(path) && !isLastAttempt)
            {
                // A sweep came between creating and locking, and took it for a dead owner's.
                file.Dispose();
                return;
            }

            _held = file;
            _locksWork = !IsGone(owner, deleteIfGone: false);
            _owner = owner;
        }
        catch (Exception e) when (LocalFailures.IsOfFileSystem(e))
        {
            if (isLastAttempt || NativeError.FromException(e).Kind is NativeErrorKind.Denied or NativeErrorKind.NoSpace)
            {
                throw failures.Unavailable(forPath, LocalFailures.Written, e);
            }
        }
    }

    private bool IsGone(string owner, bool deleteIfGone = true)
    {
        var path = LockPathOf(owner);
        try
        {
            // Shared for deletion only: this conflicts with the owner's lock on every system.
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Delete, bufferSize: 0);
            if (deleteIfGone)
            {
                TryDelete(path);
            }

            return true;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return true;
        }
        catch (Exception e) when (LocalFailures.IsOfFileSystem(e))
        {
            return false;
        }
    }

    private string LockPathOf(string owner) => Path.Combine(LockFolderPath, owner);
}
