using System.Runtime.InteropServices;

namespace Checkpointing.Storage.Local.Native;

/// <summary>What the caller can do about an error of the operating system.</summary>
internal enum NativeErrorKind
{
    None,
    Exists,
    Missing,
    LinkUnsupported,
    NoSpace,
    Denied,
    NotADirectory,
    Unsupported,
    Interrupted,
    Other,
}

/// <summary>An error code of the operating system and its kind; the default value is success.</summary>
internal readonly record struct NativeError(NativeErrorKind Kind, int Code)
{
    private const int WindowsFacility = unchecked((int)0x8007_0000);

    /// <summary>The system's own words, without capital and full stop.</summary>
    public string Message
    {
        get
        {
            if (Kind == NativeErrorKind.NoSpace)
            {
                return "no space left on device";
            }

            if (Code == 0)
            {
                return Kind == NativeErrorKind.Denied ? "permission denied" : "not supported";
            }

            var text = Marshal.GetPInvokeErrorMessage(Code).TrimEnd('.', ' ', '\r', '\n');
            return text.Length == 0 ? $"error {Code}" : char.ToLowerInvariant(text[0]) + text[1..];
        }
    }

    public static NativeError FromCode(int code) =>
        new(OperatingSystem.IsWindows() ? WindowsKind(code) : PosixKind(code), code);

    /// <summary>The error behind an exception of the file classes, which keep its code in their HResult.</summary>
    public static NativeError FromException(Exception exception)
    {
        var code = OperatingSystem.IsWindows()
            ? ((exception.HResult & 0xFFFF_0000) == (WindowsFacility & 0xFFFF_0000) ? exception.HResult & 0xFFFF : 0)
            : (exception.HResult is > 0 and < 4096 ? exception.HResult : 0);
        return exception switch
        {
            FileNotFoundException or DirectoryNotFoundException => new(NativeErrorKind.Missing, code),
            UnauthorizedAccessException => new(NativeErrorKind.Denied, code),
            _ when code != 0 => FromCode(code),
            _ => new(NativeErrorKind.Other, 0),
        };
    }

    // Numbers that Linux and macOS share have one pattern; where they differ, Linux comes first.
    private static NativeErrorKind PosixKind(int code)
    {
        var isMac = OperatingSystem.IsMacOS();
        return code switch
        {
            0 => NativeErrorKind.None,
            2 => NativeErrorKind.Missing, // ENOENT
            4 => NativeErrorKind.Interrupted, // EINTR
            17 => NativeErrorKind.Exists, // EEXIST
            28 => NativeErrorKind.NoSpace, // ENOSPC
            13 or 30 => NativeErrorKind.Denied, // EACCES, EROFS
            20 => NativeErrorKind.NotADirectory, // ENOTDIR
            1 or 18 or 31 => NativeErrorKind.LinkUnsupported, // EPERM, EXDEV, EMLINK
            22 => NativeErrorKind.Unsupported, // EINVAL
            122 when !isMac => NativeErrorKind.NoSpace, // EDQUOT
            69 when isMac => NativeErrorKind.NoSpace,
            38 or 95 when !isMac => NativeErrorKind.LinkUnsupported, // ENOSYS, EOPNOTSUPP
            45 or 78 or 102 when isMac => NativeErrorKind.LinkUnsupported,
            _ => NativeErrorKind.Other,
        };
    }

    private static NativeErrorKind WindowsKind(int code) => code switch
    {
        0 => NativeErrorKind.None,
        2 or 3 => NativeErrorKind.Missing, // FILE_NOT_FOUND, PATH_NOT_FOUND
        80 or 183 => NativeErrorKind.Exists, // FILE_EXISTS, ALREADY_EXISTS
        39 or 112 => NativeErrorKind.NoSpace, // HANDLE_DISK_FULL, DISK_FULL
        5 or 19 => NativeErrorKind.Denied, // ACCESS_DENIED, WRITE_PROTECT
        267 => NativeErrorKind.NotADirectory, // DIRECTORY
        1 or 17 or 50 => NativeErrorKind.LinkUnsupported, // INVALID_FUNCTION, NOT_SAME_DEVICE, NOT_SUPPORTED
        1142 => NativeErrorKind.LinkUnsupported, // TOO_MANY_LINKS
        _ => NativeErrorKind.Other,
    };
}
