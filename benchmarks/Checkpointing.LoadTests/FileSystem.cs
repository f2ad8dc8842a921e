using System.Buffers;
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Checkpointing.LoadTests;

/// <summary>What the raw side does with files, as cheaply as it can be done.</summary>
internal static partial class FileSystem
{
    private const int ReadOnlyFlag = 0;

    internal static void Link(string source, string target)
    {
        if (link(source, target) != 0)
        {
            throw new IOException($"'{target}' cannot be linked ({Marshal.GetLastPInvokeError()}).");
        }
    }

    /// <summary>Reads and hashes a file; returns its length.</summary>
    internal static long Digest(string path)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 20);
        var hash = new XxHash128();
        using var file = File.OpenHandle(path);
        long length = 0;
        while (RandomAccess.Read(file, buffer, length) is var read and > 0)
        {
            hash.Append(buffer.AsSpan(0, read));
            length += read;
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return length;
    }

    internal static void SyncFolder(string path)
    {
        var folder = open(path, ReadOnlyFlag);
        if (folder < 0 || fsync(folder) != 0)
        {
            throw new IOException($"'{path}' cannot be synced ({Marshal.GetLastPInvokeError()}).");
        }

        _ = close(folder);
    }

    internal static long BytesBelow(string folder) => Directory.Exists(folder)
        ? new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(static file => file.Length)
        : 0;

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int link(string source, string target);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int fsync(int file);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int close(int file);
}
