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

    /// <summary>A text as one part of a path: what the servers refuse, a slash and the percent sign are written as
    /// <c>%</c> and two digits for each byte of UTF-8.</summary>
    internal static string EscapePart(string text)
    {
        if (text.Length > 0 && text is not ("." or "..") && text.All(static c => IsAllowed(c) && c is not ('%' or '/')))
        {
            return text;
        }

        var escaped = new System.Text.StringBuilder();
        Span<byte> bytes = stackalloc byte[4];
        foreach (var rune in text.EnumerateRunes())
        {
            var isPlain = rune.IsBmp && IsAllowed((char)rune.Value) && rune.Value is not ('%' or '/' or '.');
            if (isPlain)
            {
                escaped.Append((char)rune.Value);
                continue;
            }

            foreach (var value in bytes[..rune.EncodeToUtf8(bytes)])
            {
                escaped.Append(System.Globalization.CultureInfo.InvariantCulture, $"%{value:X2}");
            }
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

    // The servers refuse these everywhere in a path.
    private static bool IsAllowed(char character) =>
        character is not (
            (<= '\u001f') or (>= '\u007f' and <= '\u009f') or (>= '\ud800' and <= '\uf8ff') or (>= '\ufff0'));
}
