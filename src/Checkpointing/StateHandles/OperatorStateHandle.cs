namespace Checkpointing.StateHandles;

/// <summary>How the items of an operator state go to the subtasks on restore.</summary>
public enum OperatorStateMode
{
    /// <summary>Each item goes to one subtask, round robin.</summary>
    Split = 0,

    /// <summary>Each subtask gets all items of all subtasks.</summary>
    Union = 1,

    /// <summary>All subtasks hold the same items; each gets them once.</summary>
    Broadcast = 2,
}

/// <summary>One named state in an operator snapshot.</summary>
/// <param name="Name">Name of the state.</param>
/// <param name="Mode">How it is distributed.</param>
/// <param name="Offsets">Start of each item in the stream, bytes.</param>
public sealed record OperatorStatePartition(string Name, OperatorStateMode Mode, ValueList<long> Offsets);

/// <summary>State of one subtask that belongs to no key.</summary>
/// <param name="Partitions">Its states, in stored order.</param>
/// <param name="Stream">The stream that holds all items.</param>
public sealed record OperatorStateHandle(ValueList<OperatorStatePartition> Partitions, StreamStateHandle Stream)
    : StateHandle
{
    /// <summary>Where Flink's merged files are, if the stream is a segment of one; else null.</summary>
    public MergedFileFolders? MergedFiles { get; init; }

    /// <inheritdoc/>
    public override long SizeBytes => Stream.SizeBytes;
}

/// <summary>Folders of one subtask whose operator states lie together in merged files (Flink 1.20 and later).</summary>
/// <param name="TaskOwnedFolder">Folder of files that the task owns.</param>
/// <param name="SharedFolder">Folder of files that several checkpoints use.</param>
/// <param name="IsEmpty">Whether the subtask has no state there; the handle then only keeps the folders alive.</param>
public sealed record MergedFileFolders(string TaskOwnedFolder, string SharedFolder, bool IsEmpty);
