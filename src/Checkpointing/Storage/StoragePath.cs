namespace Checkpointing.Storage;

/// <summary>The form of paths below a storage's root.</summary>
public static class StoragePath
{
    /// <summary>Joins two parts with a slash; an empty one is left out.</summary>
    public static string Combine(string folder, string name)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(name);
        return folder.Length == 0 ? name : name.Length == 0 ? folder : $"{folder}/{name}";
    }

    /// <summary>The part before the last slash; empty if there is none.</summary>
    public static string FolderOf(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path.LastIndexOf('/') is var slash and >= 0 ? path[..slash] : "";
    }

    /// <summary>The part after the last slash.</summary>
    public static string NameOf(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path[(path.LastIndexOf('/') + 1)..];
    }

    /// <summary>Whether the path lies in the folder (at any depth); every path lies in <c>""</c>.</summary>
    public static bool IsBelow(string path, string folder)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(folder);
        return folder.Length == 0
            || (path.Length > folder.Length + 1 && path[folder.Length] == '/'
                && path.StartsWith(folder, StringComparison.Ordinal));
    }

    /// <summary>Two spellings of one path are one: backslashes, doubled and trailing slashes and <c>.</c> go.</summary>
    /// <exception cref="ArgumentException">The path is absolute, or leaves the root by <c>..</c>.</exception>
    public static string Normalize(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var parts = path.Replace('\\', '/').Split('/', StringSplitOptions.RemoveEmptyEntries)
            .Where(static part => part != ".");
        if (path.StartsWith('/') || parts.Contains(".."))
        {
            throw new ArgumentException($"'{path}' does not lie below the storage's root.", nameof(path));
        }

        return string.Join('/', parts);
    }

    /// <summary>Checks a path of a file.</summary>
    /// <exception cref="ArgumentException">It is empty, absolute, has an empty part, <c>.</c>, <c>..</c> or a control
    /// character.</exception>
    public static void Check(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!IsNormal(path))
        {
            throw new ArgumentException($"'{path}' is not a path below the storage's root.", nameof(path));
        }
    }

    /// <summary>Whether a path has the one form that paths of files have: no empty part, <c>.</c>, <c>..</c>, backslash
    /// or control character.</summary>
    internal static bool IsNormal(string path)
    {
        foreach (var range in path.AsSpan().Split('/'))
        {
            var part = path.AsSpan()[range];
            if (part.IsEmpty || part is "." or ".." || part.IndexOf('\\') >= 0
                || part.IndexOfAnyInRange('\0', '\u001f') >= 0)
            {
                return false;
            }
        }

        return true;
    }
}
