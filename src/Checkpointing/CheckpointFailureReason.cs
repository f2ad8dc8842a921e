namespace Checkpointing;

/// <summary>Why a checkpoint did not start or did not complete, and what the caller can do.</summary>
public enum CheckpointFailureReason
{
    /// <summary>Not given. Look at the inner exception.</summary>
    None = 0,

    /// <summary>The coordinator is shut down. Start the job again.</summary>
    CoordinatorShutdown = 1,

    /// <summary>Periodic triggering is stopped. Start it, or trigger by hand.</summary>
    PeriodicTriggeringStopped = 2,

    /// <summary>As many checkpoints are pending as are allowed. Wait for one to end.</summary>
    TooManyConcurrentCheckpoints = 3,

    /// <summary>The last checkpoint completed less than the minimum pause ago. Wait.</summary>
    MinimumPauseNotElapsed = 4,

    /// <summary>A task is not running yet or not any more. Trigger again once the job runs.</summary>
    TasksNotRunning = 5,

    /// <summary>No id could be reserved: the register did not answer. Try again later.</summary>
    IdReservationFailed = 6,

    /// <summary>A task declined it. The inner exception says why.</summary>
    TaskDeclined = 7,

    /// <summary>Not all tasks acknowledged within the timeout. Look for back-pressure or slow storage.</summary>
    Expired = 8,

    /// <summary>A newer checkpoint completed first. Use that one.</summary>
    Subsumed = 9,

    /// <summary>A task referred to a shared file that the registry does not know. The next checkpoint sends
    /// everything.</summary>
    UnknownSharedState = 10,

    /// <summary>A different file came under the key of a known one. This is a bug of a backend.</summary>
    ConflictingSharedState = 11,

    /// <summary>The metadata could not be written. Look at the storage.</summary>
    MetadataWriteFailed = 12,

    /// <summary>The register could not be replaced. Look at the register's medium.</summary>
    RegisterWriteFailed = 13,

    /// <summary>Another coordinator has taken over. Stop this one.</summary>
    Fenced = 14,

    /// <summary>The write of the register may or may not have happened. Recover before the next write.</summary>
    OutcomeUnknown = 15,

    /// <summary>A task failed or the attempt ended. The restarted job makes the next one.</summary>
    AttemptEnded = 16,

    /// <summary>The trigger could not be delivered to a task. Look at the transport.</summary>
    DeliveryFailed = 17,

    /// <summary>The job is stopping. Nothing to do.</summary>
    JobStopping = 18,

    /// <summary>Less space is free than the checkpoint is likely to need beside the reserve. Free some, or lower the
    /// reserve; nothing was written.</summary>
    InsufficientSpace = 19,
}
