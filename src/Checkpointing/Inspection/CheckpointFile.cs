using Checkpointing.CompletedCheckpoints;
using Checkpointing.Metadata;
using Checkpointing.Metadata.Paths;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.Inspection;

/// <summary>What a file is to the checkpoint that names it.</summary>
public enum CheckpointFileScope
{
    /// <summary>The metadata itself.</summary>
    Metadata = 0,

    /// <summary>Later checkpoints may use it again.</summary>
    Shared = 1,

    /// <summary>Of an incremental snapshot, and of this checkpoint only.</summary>
    Private = 2,

    /// <summary>Says what the files of an incremental snapshot mean.</summary>
    Meta = 3,

    /// <summary>The one stream of another handle.</summary>
    Exclusive = 4,

    /// <summary>Changes since a snapshot (Flink).</summary>
    Changes = 5,
}

/// <summary>One file that a checkpoint names.</summary>
/// <param name="Path">Below the storage's root; as it is stored where it is absolute (Flink).</param>
/// <param name="Bytes">Its length as the metadata says; of the metadata itself the length read.</param>
/// <param name="Digest">Digest of its content; null where the format keeps none, and for the metadata.</param>
/// <param name="Scope">What it is to the checkpoint.</param>
/// <param name="Operator">Name of the operator, or its id where the format keeps no name; null for the
/// metadata.</param>
/// <param name="Subtask">Its subtask; null for the metadata and for an operator's coordinator.</param>
/// <param name="LocalName">Name that the backend had for it; null where it had none.</param>
public sealed record CheckpointFile(
    string Path,
    long Bytes,
    ContentDigest? Digest,
    CheckpointFileScope Scope,
    string? Operator,
    int? Subtask,
    string? LocalName)
{
    /// <summary>The files of a checkpoint in stored order, each time that it names them; inline bytes are no
    /// files.</summary>
    /// <param name="metadata">What it says.</param>
    /// <param name="folder">Its folder, which relative paths are below.</param>
    public static IReadOnlyList<CheckpointFile> Of(CheckpointMetadata metadata, string folder)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        ArgumentNullException.ThrowIfNull(folder);
        return
        [
            .. MetadataPaths.Streams(metadata).Select(placed => Of(placed, folder)).OfType<CheckpointFile>(),
        ];
    }

    /// <summary>The files of a checkpoint, its metadata first.</summary>
    internal static IEnumerable<CheckpointFile> Of(CompletedCheckpoint checkpoint, long metadataBytes) =>
        Of(checkpoint.Metadata, checkpoint.Path).Prepend(
            new(checkpoint.MetadataPath, metadataBytes, null, CheckpointFileScope.Metadata, null, null, null));

    private static CheckpointFile? Of(PlacedStream placed, string folder)
    {
        var (path, bytes, digest) = placed.Stream switch
        {
            FileStateHandle file => (file.Path, file.FileSizeBytes, file.Digest),
            RelativeFileStateHandle file =>
                (StoragePath.Combine(folder, file.RelativePath), file.FileSizeBytes, file.Digest),
            SegmentStateHandle segment => (segment.Path, segment.SegmentSizeBytes, (ContentDigest?)null),
            _ => (null, 0L, null),
        };
        return path is null ? null : new(
            path,
            bytes,
            digest,
            ScopeOf(placed),
            placed.Place.OperatorName ?? placed.Place.OperatorId.ToString(),
            placed.Place.SubtaskIndex,
            placed.Place.LocalName);
    }

    private static CheckpointFileScope ScopeOf(PlacedStream placed) => placed.Place.Part switch
    {
        HandlePart.SharedFile => CheckpointFileScope.Shared,
        HandlePart.PrivateFile => CheckpointFileScope.Private,
        HandlePart.MetaFile => CheckpointFileScope.Meta,
        HandlePart.Changes => CheckpointFileScope.Changes,
        _ => placed.Stream is SegmentStateHandle { Scope: SegmentScope.Shared }
            ? CheckpointFileScope.Shared
            : CheckpointFileScope.Exclusive,
    };
}
