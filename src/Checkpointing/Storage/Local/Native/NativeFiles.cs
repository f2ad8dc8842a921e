using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Checkpointing.Storage.Local.Native;

/// <summary>The calls of the operating system that .NET lacks. Nothing throws: the error is the result.</summary>
/// <remarks>Paths are absolute.</remarks>
internal static partial class NativeFiles
{
    private const int AtWorkingDirectory = -100;
    private const uint LinuxRenameNoReplace = 1;
    private const uint MacRenameExclusive = 4;

    /// <summary>Gives a file a second name, if that name is free.</summary>
    public static NativeError CreateHardLink(string source, string target) => Result(
        OperatingSystem.IsWindows()
            ? CreateHardLinkW(Extended(target), Extended(source), 0) != 0
            : Link(source, target) == 0);

    /// <summary>Gives an empty file the content of another by sharing its blocks (FICLONE).</summary>
    /// <param name="source">Open for reading.</param>
    /// <param name="target">Open for writing, on the same file system.</param>
    /// <remarks>Linux only; elsewhere it is never supported. After an error the target may have some of the
    /// blocks.</remarks>
    public static NativeError CloneContent(SafeFileHandle source, SafeFileHandle target)
    {
        if (!OperatingSystem.IsLinux())
        {
            return new(NativeErrorKind.Unsupported, 0);
        }

        // _IOW(0x94, 9, int): POWER has its direction bits elsewhere.
        nuint request = RuntimeInformation.ProcessArchitecture == Architecture.Ppc64le ? 0x8004_9409u : 0x4004_9409u;
        NativeError error;
        do
        {
            error = Result(ControlDescriptor(target, request, source) == 0);
        }
        while (error.Kind == NativeErrorKind.Interrupted);
        return error;
    }

    /// <summary>Renames a file, if the new name is free.</summary>
    public static NativeError MoveWithoutReplacing(string source, string target)
    {
        if (OperatingSystem.IsWindows())
        {
            return Result(MoveFileExW(Extended(source), Extended(target), 0) != 0);
        }

        if (OperatingSystem.IsMacOS())
        {
            return Result(RenameExclusive(source, target, MacRenameExclusive) == 0);
        }

        try
        {
            return Result(RenameAt2(AtWorkingDirectory, source, AtWorkingDirectory, target, LinuxRenameNoReplace) == 0);
        }
        catch (EntryPointNotFoundException)
        {
            // A C library older than the call.
            return new(NativeErrorKind.Unsupported, 0);
        }
    }

    /// <summary>Removes a folder that is empty; else an error.</summary>
    public static NativeError RemoveEmptyFolder(string folder) =>
        Result(OperatingSystem.IsWindows() ? RemoveDirectoryW(Extended(folder)) != 0 : RemoveDirectory(folder) == 0);

    /// <summary>Makes the names in a folder durable. Windows has no such call: its file systems journal
    /// names.</summary>
    public static NativeError SyncFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return default;
        }

        // O_RDONLY | O_CLOEXEC: enough for fsync, and no child process inherits it.
        var descriptor = Open(folder, OperatingSystem.IsMacOS() ? 0x100_0000 : 0x8_0000);
        if (descriptor < 0)
        {
            return Result(false);
        }

        NativeError error;
        do
        {
            error = Result(SyncDescriptor(descriptor) == 0);
        }
        while (error.Kind == NativeErrorKind.Interrupted);

        _ = CloseDescriptor(descriptor);

        // Some network file systems cannot sync folders: their names are as durable as they get.
        return error.Kind is NativeErrorKind.Unsupported or NativeErrorKind.LinkUnsupported ? default : error;
    }

    private static NativeError Result(bool succeeded) =>
        succeeded ? default : NativeError.FromCode(Marshal.GetLastPInvokeError());

    // Without it Windows cuts paths off at 260 characters.
    private static string Extended(string path) =>
        path.StartsWith(@"\\", StringComparison.Ordinal) ? path : @"\\?\" + path;

    // SAFETY: two strings, copied for the length of the call; nothing is kept.
    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string source, string target);

    // SAFETY: blittable integers and two strings, copied for the length of the call; nothing is kept.
    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt2(int sourceFolder, string source, int targetFolder, string target, uint flags);

    // SAFETY: two strings, copied for the length of the call, and an integer; nothing is kept.
    [LibraryImport("libc", EntryPoint = "renamex_np", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameExclusive(string source, string target, uint flags);

    // SAFETY: variadic in C, but without O_CREAT no third argument is read; the descriptor is closed by SyncFolder.
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    // SAFETY: takes a descriptor that SyncFolder holds open.
    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int SyncDescriptor(int descriptor);

    // SAFETY: called once for a descriptor that nobody else has.
    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int CloseDescriptor(int descriptor);

    // SAFETY: both descriptors are held open for the length of the call. Variadic in C: on Linux, whatever the
    // processor, integers travel as they do in other calls.
    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int ControlDescriptor(SafeFileHandle descriptor, nuint request, SafeFileHandle source);

    // SAFETY: a string, copied for the length of the call; a folder that is not empty stays.
    [LibraryImport("libc", EntryPoint = "rmdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RemoveDirectory(string folder);

    // SAFETY: two strings, copied for the length of the call; the third argument is reserved and zero.
    [LibraryImport("kernel32", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    private static partial int CreateHardLinkW(string target, string source, nint reserved);

    // SAFETY: two strings, copied for the length of the call; without flags nothing is replaced or copied.
    [LibraryImport("kernel32", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    private static partial int MoveFileExW(string source, string target, uint flags);

    // SAFETY: a string, copied for the length of the call; a folder that is not empty stays.
    [LibraryImport("kernel32", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    private static partial int RemoveDirectoryW(string folder);
}
