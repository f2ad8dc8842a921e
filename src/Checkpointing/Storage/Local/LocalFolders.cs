#pragma warning disable RS0030 // Files are touched here: this folder is the local file system's only user in the core.
using Checkpointing.Storage.Local.Native;

namespace Checkpointing.Storage.Local;

/// <summary>The folders below a root: made when needed, made durable, removed when empty.</summary>
/// <param name="root">Full path of the root.</param>
/// <param name="failures">Says what went wrong.</param>
/// <param name="sync">Makes the names in a folder durable; null: as the operating system does.</param>
internal sealed class LocalFolders(string root, LocalFailures failures, Func<string, NativeError>? sync = null)
{
    // How often a folder may vanish under a creation before we give up: each time somebody else emptied it.
    public const int MaxAttempts = 1000;

    private readonly Lock _lock = new();
    private readonly DurableNames _durable = new();
    private readonly Func<string, NativeError> _sync = sync ?? NativeFiles.SyncFolder;
    private HashSet<string>? _unsyncedAboveRoot = ParentOf(root) is { } parent ? [parent] : null;

    public string Root => root;

    /// <summary>Full path of a file or folder below the root; <c>""</c> is the root.</summary>
    public string FullPath(string path) =>
        path.Length == 0 ? root : root + Path.DirectorySeparatorChar + path.Replace('/', Path.DirectorySeparatorChar);

    /// <summary>Makes a folder and all above it.</summary>
    /// <returns>False if one of them vanished meanwhile: try again.</returns>
    public bool TryMake(string folder, string forPath)
    {
        var full = FullPath(folder);
        if (Directory.Exists(full))
        {
            return true;
        }

        RememberMissingAboveRoot();
        try
        {
            Directory.CreateDirectory(full);
            return true;
        }
        catch (Exception e) when (LocalFailures.IsOfFileSystem(e))
        {
            if (FindFileInPlaceOfFolder(full) is { } file)
            {
                throw failures.NotWritten(
                    forPath, $"'{file}' is a file, but must be a folder; move it away or choose another root");
            }

            // "Exists" comes from a folder that was there when it should be made, and gone when it was looked at.
            var kind = NativeError.FromException(e).Kind;
            return kind is NativeErrorKind.Missing or NativeErrorKind.Exists or NativeErrorKind.NotADirectory
                ? false
                : throw failures.Unavailable(forPath, LocalFailures.Written, e);
        }
    }

    /// <summary>Removes a folder and those above it as long as they are empty; the root stays.</summary>
    public void RemoveEmpty(string folder)
    {
        for (; folder.Length > 0; folder = StoragePath.FolderOf(folder))
        {
            var error = NativeFiles.RemoveEmptyFolder(FullPath(folder));
            if (error.Kind is not (NativeErrorKind.None or NativeErrorKind.Missing))
            {
                return;
            }

            _durable.Remove(FullPath(folder));
        }
    }

    /// <summary>Makes the names in these folders and the folders' own names durable.</summary>
    /// <remarks>A folder above is synced unless the name that it holds of the one below was made durable here before:
    /// that one may have been made a moment ago by a process that has not synced it yet. What lies above the root is
    /// synced once.</remarks>
    public void Sync(IEnumerable<string> folders, CancellationToken cancellationToken)
    {
        var wanted = new HashSet<string>(StringComparer.Ordinal);
        var seen = new Dictionary<string, DurableNames.SeenFolder>(StringComparer.Ordinal);
        foreach (var folder in folders)
        {
            wanted.Add(folder);
            for (var part = folder; part.Length > 0 && !seen.ContainsKey(part); part = StoragePath.FolderOf(part))
            {
                if (!_durable.Contains(FullPath(part), out var found))
                {
                    wanted.Add(StoragePath.FolderOf(part));
                }

                seen.Add(part, found);
            }
        }

        foreach (var folder in wanted.OrderByDescending(static folder => folder.Length))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var error = _sync(FullPath(folder));

            // One that is gone was empty: it held no name to keep.
            if (error.Kind is not (NativeErrorKind.None or NativeErrorKind.Missing))
            {
                throw failures.Unavailable(folder, LocalFailures.Written, error);
            }
        }

        if (seen.Count > 0)
        {
            _durable.Add(seen.Values);
        }

        SyncAboveRoot();
    }

    private void SyncAboveRoot()
    {
        HashSet<string>? unsynced;
        lock (_lock)
        {
            unsynced = _unsyncedAboveRoot;
            _unsyncedAboveRoot = null;
        }

        foreach (var folder in unsynced ?? [])
        {
            var error = _sync(folder);

            // A folder that we may not read is not ours; whoever made the root in it saw to its name.
            if (error.Kind is not (NativeErrorKind.None or NativeErrorKind.Missing or NativeErrorKind.Denied))
            {
                lock (_lock)
                {
                    (_unsyncedAboveRoot ??= []).UnionWith(unsynced!);
                }

                throw failures.Unavailable("", LocalFailures.Written, error);
            }
        }
    }

    private void RememberMissingAboveRoot()
    {
        for (var folder = root; !Directory.Exists(folder) && ParentOf(folder) is { } parent; folder = parent)
        {
            lock (_lock)
            {
                (_unsyncedAboveRoot ??= []).Add(parent);
            }
        }
    }

    private static string? FindFileInPlaceOfFolder(string? folder)
    {
        for (; folder is not null; folder = ParentOf(folder))
        {
            if (File.Exists(folder))
            {
                return folder;
            }
        }

        return null;
    }

    private static string? ParentOf(string folder) =>
        Path.GetDirectoryName(folder) is { Length: > 0 } parent ? parent : null;
}
