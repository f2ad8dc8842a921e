#pragma warning disable RS0030 // The tool writes where a user tells it to.
using Checkpointing.Metadata;
using Checkpointing.Metadata.Conversion;
using Checkpointing.Metadata.Paths;

namespace Checkpointing.Tool.Metadata;

/// <summary>What is asked of <c>metadata rewrite</c>.</summary>
/// <param name="Format">Null: that of the input.</param>
/// <param name="Relocations">Roots that absolute paths get.</param>
/// <param name="Root">Root of the storage that checkpoints of ours lie in; null: found by the file's place.</param>
/// <param name="Resolve">Whether relative handles get absolute paths.</param>
/// <param name="AllowForeignRoots">Whether relative handles may leave their folder.</param>
/// <param name="Force">Whether files that are there may be replaced.</param>
internal sealed record RewriteOptions(
    MetadataFormat? Format,
    IReadOnlyList<PathRelocation> Relocations,
    string? Root,
    bool Resolve,
    bool AllowForeignRoots,
    bool Force);

/// <summary>A metadata file that was written again.</summary>
/// <param name="Path">Where.</param>
/// <param name="Format">In which format.</param>
/// <param name="LengthBytes">Its length.</param>
/// <param name="IsIdentical">Whether it has the very bytes of the input.</param>
/// <param name="RelocatedCount">Paths that got another root.</param>
/// <param name="Losses">What the format leaves out.</param>
/// <param name="Warnings">Sentences about what may not be as expected.</param>
internal sealed record RewrittenFile(
    string Path,
    MetadataFormat Format,
    int LengthBytes,
    bool IsIdentical,
    int RelocatedCount,
    IReadOnlyList<MetadataLoss> Losses,
    IReadOnlyList<string> Warnings)
{
    /// <summary>Writes a file again.</summary>
    /// <param name="file">The file, read.</param>
    /// <param name="target">Where to.</param>
    /// <param name="options">How.</param>
    /// <exception cref="MetadataFileException">It cannot be written, or not in this format; nothing was.</exception>
    public static RewrittenFile Write(MetadataFile file, string target, RewriteOptions options)
    {
        var format = options.Format ?? file.Format;
        try
        {
            var warnings = new List<string>();
            var metadata = Convert(file, format, options, warnings);
            var (relocated, count) = metadata.Relocate(options.Relocations);
            if (count == 0 && options.Relocations.Count > 0)
            {
                warnings.Add("No path lies at or below a root to relocate from.");
            }

            var bytes = CheckpointMetadataSerializer.Write(relocated, format, target);
            WriteBytes(file.Source.Path, target, bytes, options.Force);
            return new(
                target,
                format,
                bytes.Length,
                bytes.AsSpan().SequenceEqual(file.Bytes),
                count,
                format == file.Format ? [] : MetadataLosses.Of(relocated, format),
                warnings);
        }
        catch (CheckpointingException exception)
        {
            throw new MetadataFileException(exception.Message, (int)file.Format, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new MetadataFileException(
                $"'{target}' cannot be written: {exception.Message}", (int)file.Format, exception);
        }
    }

    private static CheckpointMetadata Convert(
        MetadataFile file, MetadataFormat format, RewriteOptions options, List<string> warnings)
    {
        var metadata = options.Resolve
            ? file.Metadata.ResolveRelative(file.Root.Folder, file.Source.Shown, options.AllowForeignRoots)
            : file.Metadata;
        if (metadata.Info is null || format == MetadataFormat.NativeV1)
        {
            return metadata;
        }

        var ready = FlinkExport.Prepare(metadata, file.Root.StorageRoot, file.Root.Folder, file.Source.Shown);
        if (ready.UnresolvedCount > 0)
        {
            warnings.Add(
                $"{ready.UnresolvedCount} paths are below a storage whose root was not found, so Flink will not find"
                + " these files; name the root with --root.");
        }

        return ready.Metadata;
    }

    // A reader sees the old file or the whole new one: the name is given last.
    private static void WriteBytes(string source, string target, byte[] bytes, bool force)
    {
        if (Directory.Exists(target))
        {
            throw new IOException("there is a folder of this name.");
        }

        var folder = System.IO.Path.GetDirectoryName(target)!;
        Directory.CreateDirectory(folder);
        var temporaryName = $".tmp-{IdSource.System.NewGuid():N}";
        var temporary = System.IO.Path.Combine(folder, temporaryName);
        try
        {
            using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                file.Write(bytes);
            }

            if (IsSameFile(source, target, temporaryName))
            {
                throw new IOException("it is the input itself.");
            }

            if (!force && System.IO.Path.Exists(target))
            {
                throw new IOException("there is a file of this name; use --force to replace it.");
            }

            File.Move(temporary, target, overwrite: force);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    // Folders may have several names, by links or mounts: then the new file shows up beside the input.
    private static bool IsSameFile(string source, string target, string temporaryName) =>
        string.Equals(
            System.IO.Path.GetFileName(source), System.IO.Path.GetFileName(target), StringComparison.OrdinalIgnoreCase)
        && File.Exists(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(source)!, temporaryName));
}
