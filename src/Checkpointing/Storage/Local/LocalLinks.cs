#pragma warning disable RS0030 // Files are touched here: this folder is the local file system's only user in the core.
namespace Checkpointing.Storage.Local;

/// <summary>Refuses paths that a symbolic link leads out of the root.</summary>
/// <remarks>Paths come from metadata, and with a folder from elsewhere come its links. The root itself may be reached
/// by links, links within it are followed, and hard links are files like others. Somebody who exchanges a folder
/// between this look and the opening could write there anyway.</remarks>
internal sealed class LocalLinks(LocalFolders folders, bool allowForeignRoots)
{
    // As Linux: more are taken for a circle.
    private const int MaxLinks = 40;

    /// <summary>Whether links that lead out of the root are followed.</summary>
    public bool AllowsForeignRoots => allowForeignRoots;

    /// <summary>Looks at a path below the root, up to the file itself.</summary>
    /// <exception cref="ForeignPathException">It leads out of the root.</exception>
    public void Check(string path)
    {
        if (!allowForeignRoots && FindWayOut(path) is { } target)
        {
            throw new ForeignPathException(
                path,
                $"leads by symbolic links to '{target}', outside '{folders.Root}'",
                "It was not opened; allow foreign roots in the storage's options if you trust whoever made the link.");
        }
    }

    /// <summary>Where links lead a path out of the root; null if they do not. What leads in a circle leads nowhere,
    /// and so out.</summary>
    public string? FindWayOut(string path)
    {
        for (var end = 0; end < path.Length; end++)
        {
            end = path.IndexOf('/', end) is var slash and >= 0 ? slash : path.Length;
            if (TargetOf(folders.FullPath(path[..end])) is not null)
            {
                var full = folders.FullPath(path);
                var target = Resolve(full);
                return target is null ? $"{full} (a circle)" : IsBelowRoot(target) ? null : target;
            }
        }

        return null;
    }

    private bool IsBelowRoot(string target) =>
        Resolve(folders.Root) is { } root
        && target.StartsWith(
            Path.TrimEndingDirectorySeparator(root) + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    /// <summary>The same place without links; null if there are too many.</summary>
    private static string? Resolve(string full)
    {
        var done = Path.GetPathRoot(full)!;
        var parts = new Stack<string>(PartsOf(full[done.Length..]));
        for (var links = 0; parts.TryPop(out var part);)
        {
            if (part == "..")
            {
                done = Path.GetDirectoryName(done) ?? done;
                continue;
            }

            var next = Path.Join(done, part);
            if (TargetOf(next) is not { } target)
            {
                done = next;
                continue;
            }

            if (++links > MaxLinks)
            {
                return null;
            }

            if (Path.IsPathRooted(target))
            {
                done = Path.GetPathRoot(Path.GetFullPath(target))!;
                target = target[Path.GetPathRoot(target)!.Length..];
            }

            foreach (var more in PartsOf(target))
            {
                parts.Push(more);
            }
        }

        return done;
    }

    // The last one first: they go onto a stack.
    private static IEnumerable<string> PartsOf(string path) => path
        .Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries)
        .Where(static part => part != ".").Reverse();

    private static string? TargetOf(string full)
    {
        try
        {
            return new FileInfo(full).LinkTarget;
        }
        catch (Exception e) when (LocalFailures.IsOfFileSystem(e))
        {
            // What cannot be looked at cannot be opened either, and opening tells why.
            return null;
        }
    }
}
