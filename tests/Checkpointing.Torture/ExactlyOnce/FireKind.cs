namespace Checkpointing.Torture.ExactlyOnce;

/// <summary>What is done to a job while it runs.</summary>
internal enum FireKind
{
    /// <summary>User code throws: the attempt is replaced.</summary>
    OperatorThrows = 0,

    /// <summary>User code does not return until the checkpoint under way has expired.</summary>
    TaskStalls = 1,

    /// <summary>The storage has no space, says so before anything is written, and the task declines.</summary>
    CheckpointDeclined = 2,

    /// <summary>The storage answers only after the checkpoint has expired.</summary>
    CheckpointTimesOut = 3,

    /// <summary>A call of the storage fails: done, half done or not done.</summary>
    StorageError = 4,

    /// <summary>SIGKILL, at a record, a call of the storage or a file operation of a sink.</summary>
    ProcessKilled = 5,

    /// <summary>The job is stopped with a savepoint in the middle of the stream, and another goes on from it.</summary>
    StoppedWithSavepoint = 6,
}

/// <summary>What is counted until something happens.</summary>
internal enum FirePlace
{
    /// <summary>Records that the keyed operator has handled in this life.</summary>
    Record = 0,

    /// <summary>Calls of the storage.</summary>
    StorageCall = 1,

    /// <summary>Calls of the storage that begin to write a file.</summary>
    StorageWrite = 2,

    /// <summary>Questions for free space.</summary>
    SpaceQuestion = 3,

    /// <summary>File operations of the sinks.</summary>
    FileStep = 4,
}

/// <summary>Something that happens in a life.</summary>
/// <param name="Kind">What.</param>
/// <param name="Place">Where.</param>
/// <param name="At">At which of them, from 1.</param>
internal readonly record struct PlannedFire(FireKind Kind, FirePlace Place, int At);
