namespace Checkpointing.Hosting;

/// <summary>What a job is doing for its state.</summary>
public enum JobPhase
{
    /// <summary>Subtasks read what they start from.</summary>
    Restoring = 0,

    /// <summary>All subtasks have what they start from, and run.</summary>
    Restored = 1,

    /// <summary>Subtasks store what is new.</summary>
    Writing = 2,

    /// <summary>All subtasks have stored theirs; the checkpoint is being listed.</summary>
    Publishing = 3,

    /// <summary>The checkpoint is durable.</summary>
    Completed = 4,

    /// <summary>The checkpoint will never complete.</summary>
    Aborted = 5,
}

/// <summary>How far a restore or a checkpoint is.</summary>
/// <param name="Phase">What is being done.</param>
/// <param name="Checkpoint">The checkpoint, or the one that is restored; null: the job starts from nothing.</param>
/// <param name="SubtasksDone">Subtasks that have opened, or have stored theirs.</param>
/// <param name="SubtaskCount">All subtasks.</param>
/// <param name="Files">Files read or stored so far, whole ones. Little state is kept in the metadata and is no
/// file.</param>
/// <param name="Bytes">Bytes read or stored so far, linked ones included.</param>
public sealed record JobProgress(
    JobPhase Phase, CheckpointId? Checkpoint, int SubtasksDone, int SubtaskCount, long Files, long Bytes);
