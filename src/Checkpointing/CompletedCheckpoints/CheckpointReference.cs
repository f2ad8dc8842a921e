using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.CompletedCheckpoints;

/// <summary>Which stored files a checkpoint needs.</summary>
internal static class CheckpointReference
{
    /// <summary>Paths of all files of a checkpoint, its metadata first. A file may come twice.</summary>
    public static IEnumerable<string> AllFiles(CompletedCheckpoint checkpoint) =>
        ExclusiveFiles(checkpoint).Concat(FilesOf(StreamsOf(checkpoint), isShared: true));

    /// <summary>Files of the checkpoint alone, its metadata first: whoever drops it may delete them in this
    /// order.</summary>
    public static IEnumerable<string> ExclusiveFiles(CompletedCheckpoint checkpoint) =>
        new[] { checkpoint.MetadataPath }.Concat(FilesOf(StreamsOf(checkpoint), isShared: false));

    /// <summary>Files of one keyed handle that no other checkpoint uses.</summary>
    /// <param name="handle">The handle.</param>
    /// <param name="folder">The folder that relative files are in, if they are to be given too.</param>
    public static IEnumerable<string> ExclusiveFiles(KeyedStateHandle? handle, string? folder = null) =>
        FilesOf(StreamsOf(handle), isShared: false, folder);

    /// <summary>All streams of a checkpoint, in the order of its subtasks.</summary>
    public static IEnumerable<ReferencedStream> StreamsOf(CompletedCheckpoint checkpoint) =>
        checkpoint.Metadata.Operators.SelectMany(static o => o.Subtasks).SelectMany(static subtask =>
            StreamsOf(subtask.ManagedKeyed).Concat(StreamsOf(subtask.RawKeyed)).Concat(Exclusive(
                subtask.ManagedOperator?.Stream, subtask.RawOperator?.Stream, subtask.Legacy)));

    /// <summary>The file of a stream, if it is one.</summary>
    public static IEnumerable<string> FilesOf(StreamStateHandle? handle, string? folder = null) => handle switch
    {
        FileStateHandle file => [file.Path],
        RelativeFileStateHandle file when folder is not null => [StoragePath.Combine(folder, file.RelativePath)],
        _ => [],
    };

    /// <summary>Keys of all shared files of a checkpoint. A key may come twice.</summary>
    public static IEnumerable<SharedStateKey> SharedKeys(CompletedCheckpoint checkpoint) =>
        checkpoint.Metadata.Operators.SelectMany(static o => o.Subtasks)
            .SelectMany(static subtask => new[] { subtask.ManagedKeyed, subtask.RawKeyed })
            .OfType<IncrementalKeyedStateHandle>()
            .SelectMany(static handle => handle.SharedFiles.Select(handle.KeyOf));

    private static IEnumerable<string> FilesOf(
        IEnumerable<ReferencedStream> streams, bool isShared, string? folder = null) =>
        streams.Where(one => one.IsShared == isShared).SelectMany(one => FilesOf(one.Stream, folder));

    private static IEnumerable<ReferencedStream> StreamsOf(KeyedStateHandle? handle) => handle switch
    {
        KeyGroupsStateHandle full => Exclusive(full.Stream),
        IncrementalKeyedStateHandle incremental =>
            Exclusive(incremental.MetaFile)
                .Concat(Exclusive([.. incremental.PrivateFiles.Select(static file => file.Handle)]))
                .Concat(incremental.SharedFiles
                    .Select(static file => new ReferencedStream(file.Handle, IsShared: true))),
        _ => [],
    };

    private static IEnumerable<ReferencedStream> Exclusive(params StreamStateHandle?[] streams) =>
        streams.OfType<StreamStateHandle>().Select(static stream => new ReferencedStream(stream, IsShared: false));
}

/// <summary>A stream that a checkpoint refers to.</summary>
/// <param name="Stream">It.</param>
/// <param name="IsShared">Whether other checkpoints may refer to it, too.</param>
internal readonly record struct ReferencedStream(StreamStateHandle Stream, bool IsShared);
