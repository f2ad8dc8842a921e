using Checkpointing.Metadata.Paths;
using Checkpointing.StateHandles;

namespace Checkpointing.Metadata.Conversion;

/// <summary>Makes checkpoints of ours ready to be written in a format of Flink's.</summary>
/// <remarks>Flink knows no storage with a root of its own: each path is absolute, or relative to the metadata. And it
/// keeps the files of a handle by their local names, so each may occur once.</remarks>
public static class FlinkExport
{
    /// <summary>Gives every file a path that Flink can follow, and says kind and retention in Flink's terms, which its
    /// versions from 4 on keep.</summary>
    /// <param name="metadata">A checkpoint of ours.</param>
    /// <param name="root">The root of the storage that it lies in, as Flink spells paths: <c>file:/data</c> or
    /// <c>s3://bucket/data</c>, without a trailing slash and without percent-encoding. Null: not known, paths below it
    /// stay as they are.</param>
    /// <param name="folder">The folder of its metadata, spelled in the same way.</param>
    /// <param name="path">Path of the metadata, for messages only.</param>
    /// <exception cref="UnsupportedFormatException">Two files of one handle have the same local name.</exception>
    /// <exception cref="ForeignPathException">A handle leaves the folder of its metadata.</exception>
    public static FlinkReadyMetadata Prepare(
        CheckpointMetadata metadata, string? root, string folder, string path = "_metadata")
    {
        ArgumentNullException.ThrowIfNull(metadata);
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(path);
        CheckNames(metadata, path);
        var resolved = metadata.ResolveRelative(folder, path);
        if (root is not null)
        {
            resolved = resolved.MakeAbsolute(root).Metadata;
        }

        if (resolved is { Info: { } info, FlinkProperties: null })
        {
            resolved = resolved with { FlinkProperties = FlinkProperties.From(info.Properties) };
        }

        return new(resolved, MetadataPaths.Of(resolved).Count(static named =>
            MetadataPaths.IsBelowStorage(named.Path)));
    }

    private static void CheckNames(CheckpointMetadata metadata, string path) =>
        new HandleMap(static (stream, _) => stream, static (folder, _) => folder)
        {
            Visit = (handle, place) =>
            {
                if (handle is IncrementalKeyedStateHandle incremental)
                {
                    CheckNames(incremental.SharedFiles, "shared", place, path);
                    CheckNames(incremental.PrivateFiles, "private", place, path);
                }
            },
        }.Map(metadata);

    private static void CheckNames(ValueList<StateFile> files, string what, HandlePlace place, string path)
    {
        var names = new HashSet<string>(files.Count, StringComparer.Ordinal);
        foreach (var file in files)
        {
            if (!names.Add(file.LocalName))
            {
                throw new UnsupportedFormatException(
                    path,
                    $"two {what} files called '{file.LocalName}' ({place})",
                    "each local name once, as Flink keeps one file a name");
            }
        }
    }
}

/// <summary>A checkpoint whose paths Flink can follow.</summary>
/// <param name="Metadata">The checkpoint.</param>
/// <param name="UnresolvedCount">How many paths are still relative to a storage whose root is not known; Flink does not
/// find those.</param>
public sealed record FlinkReadyMetadata(CheckpointMetadata Metadata, int UnresolvedCount);
