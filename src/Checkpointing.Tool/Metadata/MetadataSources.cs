#pragma warning disable RS0030 // The tool reads a user's files where they are.
using Checkpointing.Storage;

namespace Checkpointing.Tool.Metadata;

/// <summary>A file to be read.</summary>
/// <param name="Path">Full path.</param>
/// <param name="Shown">Its path as a person would write it, from what the command line named.</param>
/// <param name="Relative">Its path below the folder that the command line named; just its name if that was a
/// file.</param>
/// <param name="Problem">Why there is nothing to read; null as a rule.</param>
internal sealed record MetadataSource(string Path, string Shown, string Relative, string? Problem = null);

/// <summary>What a path on the command line means.</summary>
/// <param name="IsFolder">Whether it is a folder of many files. A checkpoint's folder stands for its
/// metadata.</param>
/// <param name="Files">The files, by ordinal order of their paths.</param>
internal sealed record MetadataSources(bool IsFolder, IReadOnlyList<MetadataSource> Files)
{
    private const string MetadataExtension = ".metadata";

    /// <summary>Finds the files behind a path. Where a folder holds files that are called <c>_metadata</c> or
    /// <c>*.metadata</c>, however deep, only these count: state and notes may lie beside them. In any other folder each
    /// file does.</summary>
    public static MetadataSources Find(string path)
    {
        var full = System.IO.Path.GetFullPath(path);
        if (!Directory.Exists(full))
        {
            return new(false, [new(full, path, System.IO.Path.GetFileName(full))]);
        }

        var shown = path.TrimEnd('/', System.IO.Path.DirectorySeparatorChar);
        var files = new List<MetadataSource>();
        Collect(full, shown, "", files);
        files.Sort(static (left, right) => string.CompareOrdinal(left.Relative, right.Relative));
        if (files.Exists(IsMetadata))
        {
            files.RemoveAll(static file => file.Problem is null && !IsMetadata(file));
        }

        if (files.Count == 0)
        {
            files.Add(new(full, path, "", "The folder holds no file."));
        }

        return new(files is not [{ Relative: CheckpointLayout.MetadataName }], files);
    }

    private static bool IsMetadata(MetadataSource file) => file.Problem is null
        && (System.IO.Path.GetFileName(file.Relative) == CheckpointLayout.MetadataName
            || file.Relative.EndsWith(MetadataExtension, StringComparison.Ordinal));

    // Links to folders are not followed: they may lead in a circle.
    private static void Collect(string folder, string shown, string relative, List<MetadataSource> files)
    {
        try
        {
            foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos())
            {
                var below = StoragePath.Combine(relative, entry.Name);
                if ((entry.Attributes & FileAttributes.Directory) == 0)
                {
                    files.Add(new(entry.FullName, $"{shown}/{entry.Name}", below));
                }
                else if (entry.LinkTarget is null)
                {
                    Collect(entry.FullName, $"{shown}/{entry.Name}", below, files);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            files.Add(new(folder, shown, relative, $"The folder cannot be listed: {exception.Message}"));
        }
    }
}
