// RocksDB's own files are local files of ours: this is the one place that makes and removes their folders.
#pragma warning disable RS0030

using System.Globalization;
using System.Text;
using Checkpointing.RocksDb.Native;
using Checkpointing.State;

namespace Checkpointing.RocksDb.Working;

/// <summary>The folder of one backend: its database, pinned files, staged files. Deleted after its last user.</summary>
/// <remarks>A <see cref="FolderLock"/> says that its process lives; <see cref="Sweep"/> removes those of dead ones.
/// Users are the backend and its running snapshots, so pinned files outlive a disposed backend as long as one is
/// read.</remarks>
internal sealed class WorkingFolder
{
    private const int MaxNamePartLength = 40;

    private readonly Lock _countLock = new();
    private readonly FolderLock _lock;
    private int _userCount = 1;
    private int _folderCount;

    private WorkingFolder(string path, FolderLock folderLock)
    {
        Path = path;
        _lock = folderLock;
    }

    /// <summary>Full path.</summary>
    internal string Path { get; }

    /// <summary>Makes a folder that nobody else has.</summary>
    /// <exception cref="CheckpointStorageUnavailableException">The file system refused.</exception>
    internal static WorkingFolder Create(string workingDirectory, KeyedStateBackendContext context)
    {
        try
        {
            Directory.CreateDirectory(workingDirectory);
            while (true)
            {
                var name = string.Create(
                    CultureInfo.InvariantCulture,
                    $"{NamePart(context.Job.Name)}-{NamePart(context.Operator)}"
                    + $"-{context.SubtaskIndex}-{context.Ids.NewGuid():N}");
                var path = System.IO.Path.Combine(workingDirectory, name);
                if (FolderLock.TryTake(path) is { } folderLock)
                {
                    Directory.CreateDirectory(path);
                    return new(path, folderLock);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointStorageUnavailableException(
                workingDirectory, $"cannot be used as RocksDB's working directory: {exception.Message}", exception);
        }
    }

    /// <summary>Removes folders whose process no longer runs.</summary>
    /// <returns>How many.</returns>
    internal static int Sweep(string workingDirectory) => FolderLock.Sweep(workingDirectory);

    /// <summary>A new folder inside.</summary>
    internal string NewFolder(string purpose)
    {
        var number = Interlocked.Increment(ref _folderCount);
        var path = System.IO.Path.Combine(Path, string.Create(CultureInfo.InvariantCulture, $"{purpose}-{number}"));
        Directory.CreateDirectory(path);
        return path;
    }

    /// <summary>Makes a folder within one of <see cref="NewFolder"/>.</summary>
    internal static void CreateFolder(string path) => Directory.CreateDirectory(path);

    /// <summary>A path for a new database inside, which RocksDB makes itself.</summary>
    internal string NewDatabasePath(string purpose) =>
        System.IO.Path.Combine(
            Path,
            string.Create(CultureInfo.InvariantCulture, $"{purpose}-{Interlocked.Increment(ref _folderCount)}"));

    /// <summary>Whether there is a folder.</summary>
    internal static bool Exists(string path) => Directory.Exists(path);

    /// <summary>Removes a folder inside with all that is in it; failures are left to the end of the backend.</summary>
    internal static void RemoveFolder(string path)
    {
        try
        {
            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It goes with the working folder.
        }
    }

    /// <summary>Gives a local file a second name, or makes a copy where the file system has no links left.</summary>
    /// <returns>Whether it is a link.</returns>
    internal static bool LinkOrCopy(string existingPath, string newPath)
    {
        if (HardLink.TryCreate(existingPath, newPath))
        {
            return true;
        }

        try
        {
            File.Copy(existingPath, newPath);
            return false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointStorageUnavailableException(
                existingPath, $"can be neither linked nor copied to '{newPath}': {exception.Message}", exception);
        }
    }

    /// <summary>Length of a local file.</summary>
    internal static long LengthOf(string path) => new FileInfo(path).Length;

    /// <summary>Removes a local file; a failure is left to the end of the backend.</summary>
    internal static void RemoveFile(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It goes with the working folder.
        }
    }

    /// <summary>Opens a local file for reading from start to end.</summary>
    internal static Stream OpenRead(string path) =>
        new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.Open,
            Access = FileAccess.Read,
            Share = FileShare.Read | FileShare.Delete,
            BufferSize = 0,
            Options = FileOptions.SequentialScan,
        });

    /// <summary>Makes a new local file.</summary>
    internal static Stream CreateFile(string path) =>
        new FileStream(
            path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 });

    /// <summary>One more user.</summary>
    internal void AddUser()
    {
        lock (_countLock)
        {
            ObjectDisposedException.ThrowIf(_userCount == 0, this);
            _userCount++;
        }
    }

    /// <summary>One user less; the last one removes the folder.</summary>
    internal void RemoveUser()
    {
        lock (_countLock)
        {
            if (--_userCount > 0)
            {
                return;
            }
        }

        _lock.RemoveFolder();
    }

    private static string NamePart(string name)
    {
        var part = new StringBuilder();
        foreach (var character in name.AsSpan(0, Math.Min(name.Length, MaxNamePartLength)))
        {
            part.Append(char.IsAsciiLetterOrDigit(character) || character is '_' or '.' ? character : '_');
        }

        return part.ToString();
    }
}
