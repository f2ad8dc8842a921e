#pragma warning disable RS0030 // The tool looks for a user's files where they are.
using Checkpointing.Metadata;
using Checkpointing.Metadata.Paths;
using Checkpointing.Storage;
using Checkpointing.Storage.Local;

namespace Checkpointing.Tool.Metadata;

/// <summary>Where the checkpoint of a metadata file lies, as Flink spells paths.</summary>
/// <param name="Folder">Folder of the file.</param>
/// <param name="StorageRoot">Root of the storage, which our paths are relative to; null if it is not known.</param>
internal sealed record CheckpointRoot(string Folder, string? StorageRoot)
{
    // From a savepoint's folder up to the root of its storage.
    private const int MaxLevels = 16;

    private const string LocalScheme = "file:";

    /// <summary>What absolute paths are held against.</summary>
    public string Checked => (StorageRoot ?? Folder) is var root && root.EndsWith(':') ? $"{root}/" : root;

    /// <summary>Finds the paths that do not stay below the root: by their text, and by the links that are there
    /// now.</summary>
    public IReadOnlyList<ForeignPath> FindForeign(CheckpointMetadata metadata)
    {
        var foreign = metadata.FindForeign(Checked);
        return !Checked.StartsWith(LocalScheme, StringComparison.Ordinal)
            ? foreign
            : [.. foreign, .. FindLinked(metadata, foreign.Select(static one => one.Path).ToHashSet())];
    }

    private IEnumerable<ForeignPath> FindLinked(CheckpointMetadata metadata, HashSet<string> known)
    {
        // Nothing is opened or made: it is asked about names only.
        using var storage = new LocalCheckpointStorage(Checked[LocalScheme.Length..]);
        var fromRoot = new PathRelocation(Checked, "/");
        foreach (var named in MetadataPaths.Of(metadata).Where(named => !known.Contains(named.Path)))
        {
            var absolute = named.IsRelative ? $"{Folder}/{named.Path}" : named.Path;
            var below = (fromRoot.TryApply(absolute, out var moved) ? moved : absolute).TrimStart('/');
            if (IsLinkedOut(storage, below))
            {
                yield return new(named.Place, named.Path, ForeignPathReason.SymbolicLink);
            }
        }
    }

    /// <summary>Finds the root by the file's place: <c>ROOT/JOB/chk-N/_metadata</c>, or a folder above it below which
    /// the first of its files lies.</summary>
    /// <param name="path">Full path of the file.</param>
    /// <param name="metadata">What it says.</param>
    /// <param name="given">The root that the command line names; null: to be found.</param>
    public static CheckpointRoot Find(string path, CheckpointMetadata metadata, string? given)
    {
        var folder = Path.GetDirectoryName(path) ?? path;
        return new(Spell(folder), given is not null ? Spell(given) : FindRoot(folder, metadata) is { } root
            ? Spell(root)
            : null);
    }

    /// <summary>A path as Flink spells it: <c>file:/x</c>, nothing encoded. What has a scheme already stays.</summary>
    /// <exception cref="ArgumentException">It has a scheme, but is not absolute.</exception>
    public static string Spell(string path)
    {
        if (path.Contains(":/", StringComparison.Ordinal) && !Path.IsPathRooted(path))
        {
            return new PathRelocation(path, path).From.TrimEnd('/');
        }

        var full = Path.GetFullPath(path).Replace(Path.DirectorySeparatorChar, '/').TrimEnd('/');
        return full.StartsWith('/') || full.Length == 0 ? $"file:{full}" : $"file:/{full}";
    }

    private static string? FindRoot(string folder, CheckpointMetadata metadata)
    {
        var job = Path.GetDirectoryName(folder);
        if (CheckpointLayout.TryGetCheckpointId(Path.GetFileName(folder), out _) && job is not null
            && (metadata.Info is null || metadata.Info.Job.Name == Path.GetFileName(job)))
        {
            return Path.GetDirectoryName(job);
        }

        var first = MetadataPaths.Streams(metadata).Select(static placed => placed.Stream)
            .OfType<StateHandles.FileStateHandle>().FirstOrDefault(static file => IsOurs(file.Path))?.Path;
        var above = first is null ? null : folder;
        for (var level = 0; above is not null && level < MaxLevels; level++)
        {
            if (File.Exists(Path.Combine(above, first!)))
            {
                return above;
            }

            above = Path.GetDirectoryName(above);
        }

        return null;
    }

    private static bool IsLinkedOut(LocalCheckpointStorage storage, string path)
    {
        try
        {
            return storage.FindLinkOut(StoragePath.Normalize(path)) is not null;
        }
        catch (ArgumentException)
        {
            // No path that the storage would open.
            return false;
        }
    }

    private static bool IsOurs(string path) =>
        !path.StartsWith('/') && !path.Contains("..", StringComparison.Ordinal)
        && !path.Contains(":/", StringComparison.Ordinal) && !path.Contains('\0', StringComparison.Ordinal);
}
