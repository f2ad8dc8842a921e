using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.CompletedCheckpoints;

/// <summary>Which stored files a checkpoint needs.</summary>
internal static class CheckpointReference
{
    /// <summary>Paths of all files of a checkpoint, its metadata first. A file may come twice.</summary>
    public static IEnumerable<string> AllFiles(CompletedCheckpoint checkpoint) =>
        ExclusiveFiles(checkpoint).Concat(SharedFiles(checkpoint));

    /// <summary>Files of the checkpoint alone, its metadata first: whoever drops it may delete them in this
    /// order.</summary>
    public static IEnumerable<string> ExclusiveFiles(CompletedCheckpoint checkpoint) =>
        new[] { checkpoint.MetadataPath }.Concat(
            checkpoint.Metadata.Operators.SelectMany(static o => o.Subtasks).SelectMany(static subtask =>
                ExclusiveFiles(subtask.ManagedKeyed).Concat(ExclusiveFiles(subtask.RawKeyed))
                    .Concat(FilesOf(subtask.ManagedOperator?.Stream)).Concat(FilesOf(subtask.RawOperator?.Stream))
                    .Concat(FilesOf(subtask.Legacy))));

    /// <summary>Files of one keyed handle that no other checkpoint uses.</summary>
    /// <param name="handle">The handle.</param>
    /// <param name="folder">The folder that relative files are in, if they are to be given too.</param>
    public static IEnumerable<string> ExclusiveFiles(KeyedStateHandle? handle, string? folder = null) => handle switch
    {
        KeyGroupsStateHandle full => FilesOf(full.Stream, folder),
        IncrementalKeyedStateHandle incremental =>
            FilesOf(incremental.MetaFile, folder)
                .Concat(incremental.PrivateFiles.SelectMany(file => FilesOf(file.Handle, folder))),
        _ => [],
    };

    /// <summary>The file of a stream, if it is one.</summary>
    public static IEnumerable<string> FilesOf(StreamStateHandle? handle, string? folder = null) => handle switch
    {
        FileStateHandle file => [file.Path],
        RelativeFileStateHandle file when folder is not null => [StoragePath.Combine(folder, file.RelativePath)],
        _ => [],
    };

    private static IEnumerable<string> SharedFiles(CompletedCheckpoint checkpoint) =>
        checkpoint.Metadata.Operators.SelectMany(static o => o.Subtasks)
            .SelectMany(static subtask => SharedFiles(subtask.ManagedKeyed).Concat(SharedFiles(subtask.RawKeyed)));

    private static IEnumerable<string> SharedFiles(KeyedStateHandle? handle) =>
        handle is IncrementalKeyedStateHandle incremental
            ? incremental.SharedFiles.SelectMany(static file => FilesOf(file.Handle))
            : [];
}
