#pragma warning disable RS0030 // Files are touched here: this folder is the local file system's only user in the core.
using Checkpointing.Storage.Local.Native;

namespace Checkpointing.Storage.Local;

/// <summary>What all parts of the local storage know about files and their names.</summary>
internal static class LocalPaths
{
    public const UnixFileMode WriteModes = UnixFileMode.UserWrite | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>Checks a file's path: below the root, and no name of our own.</summary>
    public static void CheckFile(string path)
    {
        StoragePath.Check(path);
        if (path == TemporaryFiles.LockFolder
            || path.StartsWith(TemporaryFiles.LockFolder + "/", StringComparison.Ordinal)
            || path.Split('/').Any(static part => part.StartsWith(TemporaryFiles.Prefix, StringComparison.Ordinal)))
        {
            throw new ArgumentException(
                $"'{path}' uses a name that the storage keeps for itself:"
                + $" '{TemporaryFiles.LockFolder}' or '{TemporaryFiles.Prefix}…'.",
                nameof(path));
        }
    }

    /// <summary>Checks a folder's path; <c>""</c> is the root.</summary>
    public static void CheckFolder(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (folder.Length > 0)
        {
            CheckFile(folder);
        }
    }

    /// <summary>Whether an error means that there is no such file; a folder of that name is none.</summary>
    public static bool IsMissing(Exception exception, string full) => NativeError.FromException(exception).Kind switch
    {
        NativeErrorKind.Missing or NativeErrorKind.NotADirectory => true,
        _ => Directory.Exists(full),
    };

    /// <summary>Opens a file for reading from front to back, whatever others do with its names meanwhile.</summary>
    public static FileStream OpenRead(string full) => new(
        full,
        FileMode.Open,
        FileAccess.Read,
        FileShare.ReadWrite | FileShare.Delete,
        bufferSize: 0,
        FileOptions.Asynchronous | FileOptions.SequentialScan);
}
