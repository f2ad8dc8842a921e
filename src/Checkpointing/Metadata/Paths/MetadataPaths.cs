using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.Metadata.Paths;

/// <summary>What paths a checkpoint names, and the same checkpoint with other paths.</summary>
/// <remarks>Nothing here touches storage. Names of inline bytes are no paths and never change. Order and everything
/// that is not a path stays; a checkpoint of which nothing changes is returned as the same object.</remarks>
public static class MetadataPaths
{
    /// <summary>Every stream of the checkpoint, inline bytes and absent ones included, in stored order.</summary>
    public static IReadOnlyList<PlacedStream> Streams(CheckpointMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        var found = new List<PlacedStream>();
        Walk(metadata, (stream, place) => found.Add(new(place, stream)), static (_, _) => { });
        return found;
    }

    /// <summary>Every path of a file or folder that the checkpoint names, in stored order. A path may come more than
    /// once.</summary>
    public static IReadOnlyList<PlacedPath> Of(CheckpointMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        var found = new List<PlacedPath>();
        Walk(
            metadata,
            (stream, place) =>
            {
                if (PathOf(stream) is { } path)
                {
                    found.Add(new(place, path, stream is RelativeFileStateHandle));
                }
            },
            (folder, place) => found.Add(new(place, folder, IsRelative: false)));
        return found;
    }

    /// <summary>Moves absolute paths from old roots to new ones.</summary>
    /// <param name="metadata">The checkpoint.</param>
    /// <param name="relocations">For each path the first that fits is applied, and no other on top of it.</param>
    /// <returns>The checkpoint, and how many paths were changed.</returns>
    public static RelocatedMetadata Relocate(
        this CheckpointMetadata metadata, params IReadOnlyList<PathRelocation> relocations)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        ArgumentNullException.ThrowIfNull(relocations);
        var count = 0;
        string Move(string path)
        {
            foreach (var relocation in relocations)
            {
                if (relocation.TryApply(path, out var relocated))
                {
                    count++;
                    return relocated;
                }
            }

            return path;
        }

        var result = new HandleMap(
            (stream, _) => stream switch
            {
                FileStateHandle file => WithPath(file, Move(file.Path)),
                SegmentStateHandle segment when Move(segment.Path) is var path =>
                    ReferenceEquals(path, segment.Path) ? segment : segment with { Path = path },
                _ => stream,
            },
            (folder, _) => Move(folder)).Map(metadata);
        return new(result, count);
    }

    /// <summary>Makes files of the handles that are relative to the folder of the metadata.</summary>
    /// <param name="metadata">The checkpoint.</param>
    /// <param name="folder">That folder: a URI, a path, or a folder below a storage's root; without a trailing
    /// slash.</param>
    /// <param name="metadataPath">Path of the metadata, for messages only.</param>
    /// <param name="allowForeignRoots">Whether handles that leave the folder are resolved all the same. Default:
    /// no.</param>
    /// <exception cref="ForeignPathException">A handle leaves the folder.</exception>
    public static CheckpointMetadata ResolveRelative(
        this CheckpointMetadata metadata, string folder, string metadataPath = "_metadata",
            bool allowForeignRoots = false)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(metadataPath);
        return new HandleMap(
            (stream, place) => stream switch
            {
                RelativeFileStateHandle file when !allowForeignRoots
                    && ReasonOfRelative(file.RelativePath) is { } reason =>
                    throw new ForeignPath(place, file.RelativePath, reason).ToException(metadataPath),
                RelativeFileStateHandle file => new FileStateHandle(
                    PathText.TryParse(file.RelativePath, out _)
                        ? file.RelativePath
                        : StoragePath.Combine(folder, file.RelativePath),
                    file.FileSizeBytes,
                    file.Digest)
                {
                    UnknownRecords = file.UnknownRecords,
                },
                _ => stream,
            },
            static (path, _) => path).Map(metadata);
    }

    /// <summary>Makes relative handles of the files that got a name in the folder of the metadata.</summary>
    /// <param name="metadata">The checkpoint.</param>
    /// <param name="names">Names by path.</param>
    internal static CheckpointMetadata RelateTo(
        this CheckpointMetadata metadata, IReadOnlyDictionary<string, string> names) => new HandleMap(
            (stream, _) => stream is FileStateHandle file && names.TryGetValue(file.Path, out var name)
                ? new RelativeFileStateHandle(name, file.FileSizeBytes, file.Digest)
                {
                    UnknownRecords = file.UnknownRecords,
                }
                : stream,
            static (path, _) => path).Map(metadata);

    /// <summary>Makes the paths that lie below a storage's root absolute, as Flink's formats need them.</summary>
    /// <param name="metadata">The checkpoint.</param>
    /// <param name="root">The storage's root: a URI or an absolute path; without a trailing slash.</param>
    /// <returns>The checkpoint, and how many paths were changed.</returns>
    public static RelocatedMetadata MakeAbsolute(this CheckpointMetadata metadata, string root)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        ArgumentException.ThrowIfNullOrEmpty(root);
        var count = 0;
        var result = new HandleMap(
            (stream, _) =>
            {
                if (stream is not FileStateHandle file || !IsBelowStorage(file.Path))
                {
                    return stream;
                }

                count++;
                return file with { Path = StoragePath.Combine(root, file.Path) };
            },
            static (path, _) => path).Map(metadata);
        return new(result, count);
    }

    /// <summary>Finds the paths that do not stay where the checkpoint is, by their text alone.</summary>
    /// <param name="metadata">The checkpoint.</param>
    /// <param name="roots">Roots, absolute, that absolute paths may lie below; none: no absolute path is
    /// accepted.</param>
    /// <remarks>A path of ours has no scheme and no leading slash: it lies below the storage's root, and is found if it
    /// leaves that or is not in normal form. Links are not seen here: the storage looks at them when it opens a
    /// file.</remarks>
    public static IReadOnlyList<ForeignPath> FindForeign(
        this CheckpointMetadata metadata, params IReadOnlyList<string> roots)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        ArgumentNullException.ThrowIfNull(roots);
        var parsed = roots
            .Select(static root => PathText.TryParse(root, out var text)
                ? text
                : throw new ArgumentException($"'{root}' is no absolute path.", nameof(roots)))
            .ToArray();
        var found = new List<ForeignPath>();
        void Check(string path, HandlePlace place, ForeignPathReason? problem)
        {
            if (problem is { } reason)
            {
                found.Add(new(place, path, reason));
            }
        }

        Walk(
            metadata,
            (stream, place) =>
            {
                if (stream is RelativeFileStateHandle relative)
                {
                    Check(relative.RelativePath, place, ReasonOfRelative(relative.RelativePath));
                }
                else if (PathOf(stream) is { } path)
                {
                    Check(path, place, ReasonOf(path, parsed));
                }
            },
            (folder, place) => Check(folder, place, ReasonOf(folder, parsed)));
        return found;
    }

    /// <summary>Whether a path is one below a storage's root: neither absolute nor with a scheme.</summary>
    internal static bool IsBelowStorage(string path) => !PathText.TryParse(path, out _);

    private static ForeignPathReason? ReasonOf(string path, PathText[] roots)
    {
        if (PathText.TryParse(path, out var absolute))
        {
            return absolute.HasParentSegment
                ? ForeignPathReason.ParentSegment
                : Array.Exists(roots, root => absolute.TryGetRest(root, out _))
                    ? null
                    : roots.Length > 0 && !Array.Exists(roots, absolute.IsOfOneSystemWith)
                        ? ForeignPathReason.OtherSystem
                        : ForeignPathReason.OutsideRoot;
        }

        return HasParentSegment(path) ? ForeignPathReason.ParentSegment
            : StoragePath.IsNormal(path) ? null
            : ForeignPathReason.NotNormal;
    }

    private static ForeignPathReason? ReasonOfRelative(string path) =>
        PathText.TryParse(path, out _) || path.StartsWith('\\') ? ForeignPathReason.OutsideRoot
        : HasParentSegment(path) ? ForeignPathReason.ParentSegment
        : null;

    private static bool HasParentSegment(string path)
    {
        foreach (var range in path.AsSpan().SplitAny('/', '\\'))
        {
            if (path.AsSpan()[range] is "..")
            {
                return true;
            }
        }

        return false;
    }

    private static string? PathOf(StreamStateHandle stream) => stream switch
    {
        FileStateHandle file => file.Path,
        RelativeFileStateHandle file => file.RelativePath,
        SegmentStateHandle segment => segment.Path,
        _ => null,
    };

    private static FileStateHandle WithPath(FileStateHandle file, string path) =>
        ReferenceEquals(path, file.Path) ? file : file with { Path = path };

    private static void Walk(
        CheckpointMetadata metadata,
        Action<StreamStateHandle, HandlePlace> visitStream,
        Action<string, HandlePlace> visitFolder) => new HandleMap(
            (stream, place) =>
            {
                visitStream(stream, place);
                return stream;
            },
            (folder, place) =>
            {
                visitFolder(folder, place);
                return folder;
            }).Map(metadata);
}

/// <summary>A stream, and who has it.</summary>
/// <param name="Place">Who has it.</param>
/// <param name="Stream">The stream.</param>
public readonly record struct PlacedStream(HandlePlace Place, StreamStateHandle Stream);

/// <summary>A path, and who names it.</summary>
/// <param name="Place">Who names it.</param>
/// <param name="Path">The path as it is stored.</param>
/// <param name="IsRelative">Whether it is relative to the folder of the metadata.</param>
public readonly record struct PlacedPath(HandlePlace Place, string Path, bool IsRelative);

/// <summary>A checkpoint whose paths were changed.</summary>
/// <param name="Metadata">It; the same object as before if no path was changed.</param>
/// <param name="ChangedCount">How many paths were changed.</param>
public sealed record RelocatedMetadata(CheckpointMetadata Metadata, int ChangedCount);
