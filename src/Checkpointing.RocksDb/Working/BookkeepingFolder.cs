// RocksDB's own files are local files of ours.
#pragma warning disable RS0030

using System.IO.Hashing;
using System.Text;

namespace Checkpointing.RocksDb.Working;

/// <summary>A folder in memory for what RocksDB keeps beside the rows of one database: MANIFEST, CURRENT, OPTIONS and
/// its log.</summary>
/// <remarks>
/// <para>RocksDB writes and syncs them when a database is opened, for every column family, and after every flush and
/// compaction, so that the database can be opened again after a crash. Ours never is: it is made anew from a
/// checkpoint, which holds none of these files. In memory a sync costs nothing.</para>
/// <para>Nothing here counts for a checkpoint: SST files, which do, stay on the disk and are synced there.</para>
/// <para>Some 20 KB a state and 256 KB, more only where twice a list of its files is longer. It lives as long as its
/// database, and is removed by the next process that opens a backend if ours dies.</para>
/// </remarks>
internal sealed class BookkeepingFolder
{
    private const string MemoryPath = "/dev/shm";
    private const string NamePrefix = "checkpointing-";
    private const string FileSystem = "tmpfs";

    // Containers often have 64 MB there, for all that run in them.
    private const long MinFreeBytes = 16 << 20;

    private readonly FolderLock _lock;

    private BookkeepingFolder(string path, FolderLock folderLock)
    {
        Path = path;
        _lock = folderLock;
    }

    /// <summary>Full path.</summary>
    internal string Path { get; }

    /// <summary>Makes one for a database; null where there is no memory for files, or too little: then the database
    /// keeps its bookkeeping beside its rows.</summary>
    /// <param name="databasePath">Full path of the database, which no other has at this time.</param>
    internal static BookkeepingFolder? TryCreate(string databasePath)
    {
        try
        {
            if (!OperatingSystem.IsLinux() || !HasRoom())
            {
                return null;
            }

            var id = XxHash128.HashToUInt128(Encoding.UTF8.GetBytes(databasePath));
            var path = System.IO.Path.Combine(MemoryPath, $"{NamePrefix}{id:x32}");

            // A name that is taken was left by a dead process, for the database's path is nobody else's now.
            if (FolderLock.TryTake(path) is not { } folderLock)
            {
                return null;
            }

            Directory.CreateDirectory(
                path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return new(path, folderLock);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Removes what dead processes have left.</summary>
    internal static void Sweep() => FolderLock.Sweep(MemoryPath, NamePrefix);

    /// <summary>Removes it.</summary>
    internal void Remove() => _lock.RemoveFolder();

    private static bool HasRoom()
    {
        var drive = new DriveInfo(MemoryPath);
        return drive.IsReady && drive.DriveFormat == FileSystem && drive.AvailableFreeSpace >= MinFreeBytes;
    }
}
