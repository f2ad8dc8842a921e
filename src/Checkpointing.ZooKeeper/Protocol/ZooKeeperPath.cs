using System.Buffers;
using System.Globalization;
using System.Text;

namespace Checkpointing.ZooKeeper.Protocol;

/// <summary>Rules for paths of nodes.</summary>
internal static class ZooKeeperPath
{
    /// <summary>Checks a path as the servers do.</summary>
    /// <exception cref="ArgumentException">The message says what is wrong.</exception>
    internal static string Check(string path)
    {
        if (FindProblem(path) is { } problem)
        {
            throw new ArgumentException($"'{path}' is no path of a ZooKeeper node: {problem}.", nameof(path));
        }

        return path;
    }

    internal static string? FindProblem(string path)
    {
        if (path.Length == 0 || path[0] != '/')
        {
            return "it does not begin with a slash";
        }

        if (path.Length == 1)
        {
            return null;
        }

        if (path.AsSpan(1).Split('/') is var parts)
        {
            foreach (var part in parts)
            {
                if (path.AsSpan(1)[part] is "" or "." or "..")
                {
                    return "a part of it is empty, '.' or '..'";
                }
            }
        }

        foreach (var character in path)
        {
            if (!IsAllowed(character))
            {
                return $"it has the character U+{(int)character:X4}";
            }
        }

        return null;
    }

    /// <summary>A text that is not empty as one part of a path: what the servers refuse, a slash and the percent sign
    /// are written as <c>%</c> and two digits for each byte of UTF-8. No two texts give the same part.</summary>
    internal static string EscapePart(string text)
    {
        if (text.Length > 0 && text is not ("." or "..") && text.All(static c => IsAllowed(c) && c is not ('%' or '/')))
        {
            return text;
        }

        var escaped = new StringBuilder();
        Span<byte> bytes = stackalloc byte[4];
        for (var rest = text.AsSpan(); rest.Length > 0;)
        {
            var isWhole = Rune.DecodeFromUtf16(rest, out var rune, out var characters) == OperationStatus.Done;
            if (isWhole && rune.IsBmp && IsAllowed(rest[0]) && rest[0] is not ('%' or '/' or '.'))
            {
                escaped.Append(rest[0]);
            }
            else
            {
                // Half of a pair has no UTF-8. It is written as if it had, so that it is not taken for another text.
                var length = isWhole ? rune.EncodeToUtf8(bytes) : EncodeHalf(rest[0], bytes);
                foreach (var value in bytes[..length])
                {
                    escaped.Append(CultureInfo.InvariantCulture, $"%{value:X2}");
                }
            }

            rest = rest[characters..];
        }

        return escaped.ToString();
    }

    /// <summary>A path of the caller as the servers know it.</summary>
    internal static string Join(string chroot, string path) =>
        chroot.Length == 0 ? path : path == "/" ? chroot : chroot + path;

    /// <summary>A path of the servers as the caller knows it.</summary>
    internal static string Strip(string chroot, string path) =>
        chroot.Length == 0 ? path : path.Length <= chroot.Length ? "/" : path[chroot.Length..];

    internal static string ParentOf(string path) =>
        path.LastIndexOf('/') is var slash and > 0 ? path[..slash] : "/";

    internal static string NameOf(string path) => path[(path.LastIndexOf('/') + 1)..];

    private static int EncodeHalf(char half, Span<byte> bytes)
    {
        bytes[0] = (byte)(0xe0 | (half >> 12));
        bytes[1] = (byte)(0x80 | ((half >> 6) & 0x3f));
        bytes[2] = (byte)(0x80 | (half & 0x3f));
        return 3;
    }

    // The servers refuse these everywhere in a path.
    private static bool IsAllowed(char character) =>
        character is not (
            (<= '\u001f') or (>= '\u007f' and <= '\u009f') or (>= '\ud800' and <= '\uf8ff') or (>= '\ufff0'));
}
