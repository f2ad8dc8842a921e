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
    public static IEnumerable<string> ExclusiveFiles(KeyedStateHandle? handle) => handle switch
    {
        KeyGroupsStateHandle full => FilesOf(full.Stream),
        IncrementalKeyedStateHandle incremental =>
            FilesOf(incremental.MetaFile)
                .Concat(incremental.PrivateFiles.SelectMany(static file => FilesOf(file.Handle))),
        _ => [],
    };

    private static IEnumerable<string> SharedFiles(CompletedCheckpoint checkpoint) =>
        checkpoint.Metadata.Operators.SelectMany(static o => o.Subtasks)
            .SelectMany(static subtask => SharedFiles(subtask.ManagedKeyed).Concat(SharedFiles(subtask.RawKeyed)));

    private static IEnumerable<string> SharedFiles(KeyedStateHandle? handle) =>
        handle is IncrementalKeyedStateHandle incremental
            ? incremental.SharedFiles.SelectMany(static file => FilesOf(file.Handle))
            : [];

    private static IEnumerable<string> FilesOf(StreamStateHandle? handle) =>
        handle is FileStateHandle file ? [file.Path] : [];
}
