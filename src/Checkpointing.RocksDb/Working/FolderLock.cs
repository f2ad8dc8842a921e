// RocksDB's own files are local files of ours.
#pragma warning disable RS0030

namespace Checkpointing.RocksDb.Working;

/// <summary>A lock file beside a folder, held open: it says that the folder's process lives.</summary>
internal sealed class FolderLock
{
    private const string Suffix = ".lock";

    private readonly string _folder;
    private readonly FileStream _file;

    private FolderLock(string folder, FileStream file)
    {
        _folder = folder;
        _file = file;
    }

    /// <summary>Locks a folder that need not be there yet; null if there is a lock file already, held or not.</summary>
    internal static FolderLock? TryTake(string folder)
    {
        var path = folder + Suffix;
        try
        {
            var file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);

            // A sweep may have taken the file between its making and its locking; then the name is gone.
            if (File.Exists(path))
            {
                return new(folder, file);
            }

            file.Dispose();
            return null;
        }
        catch (IOException exception) when (File.Exists(path) || IsHeldByOther(exception))
        {
            return null;
        }
    }

    /// <summary>Removes folders whose process no longer runs.</summary>
    /// <param name="parent">Where they are.</param>
    /// <param name="prefix">How their names begin.</param>
    /// <returns>How many.</returns>
    internal static int Sweep(string parent, string prefix = "")
    {
        if (!Directory.Exists(parent))
        {
            return 0;
        }

        var removed = 0;
        foreach (var lockPath in Directory.EnumerateFiles(parent, prefix + "*" + Suffix).ToList())
        {
            try
            {
                // Holding the lock while removing: no living process has it, and none can take it meanwhile.
                using var lockFile = new FileStream(lockPath, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
                var path = lockPath[..^Suffix.Length];
                if (Directory.Exists(path))
                {
                    Directory.Delete(path, recursive: true);
                    removed++;
                }

                File.Delete(lockPath);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Locked by a living process, being removed by another sweep, or another user's.
            }
        }

        return removed;
    }

    /// <summary>A sweep held the file for a moment between its making and its locking; it may have removed it
    /// since.</summary>
    private static bool IsHeldByOther(IOException exception)
    {
        const int WindowsSharingViolation = unchecked((int)0x80070020);
        const int LinuxWouldBlock = 11;
        const int MacWouldBlock = 35;
        return exception.HResult is WindowsSharingViolation or LinuxWouldBlock or MacWouldBlock;
    }

    /// <summary>Removes the folder, and lets go of it; what cannot be removed is left to a sweep.</summary>
    internal void RemoveFolder()
    {
        try
        {
            if (Directory.Exists(_folder))
            {
                Directory.Delete(_folder, recursive: true);
            }

            File.Delete(_file.Name);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The next sweep takes it.
        }

        _file.Dispose();
    }
}
