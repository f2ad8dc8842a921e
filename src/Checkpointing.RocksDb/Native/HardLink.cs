using System.Runtime.InteropServices;

namespace Checkpointing.RocksDb.Native;

/// <summary>A second name for a file.</summary>
internal static partial class HardLink
{
    /// <summary>Makes a hard link.</summary>
    /// <returns>False if the file system refused: too many links, or it has none.</returns>
    internal static bool TryCreate(string existingPath, string newPath) =>
        OperatingSystem.IsWindows()
            ? CreateHardLinkW(newPath, existingPath, 0) != 0
            : Link(existingPath, newPath) == 0;

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string existingPath, string newPath);

    [LibraryImport("kernel32", StringMarshalling = StringMarshalling.Utf16)]
    private static partial int CreateHardLinkW(string newPath, string existingPath, nint securityAttributes);
}
