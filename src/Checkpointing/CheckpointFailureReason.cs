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

    /// <summary>As many requests wait as may, and none of them gives way. Trigger less often, or later.</summary>
    TooManyRequests = 20,

    /// <summary>More files wait to be deleted than <c>MaxFilesToDelete</c> allows. Wait until the storage has caught
    /// up,
    /// look at why it is slow, or force the request.</summary>
    CleaningLags = 21,

    /// <summary>A hook of the coordinator failed or did not answer in time. The inner exception says which.</summary>
    HookFailed = 22,

    /// <summary>Checkpoints are switched off for this job. Switch them on, or force the request.</summary>
    CheckpointingDisabled = 23,

    /// <summary>A subtask finished while the checkpoint waited for it. The next one does without it.</summary>
    TaskFinished = 24,

    /// <summary>Some subtasks of an operator have finished and others have union state, which would be incomplete. Wait
    /// until all of them have finished.</summary>
    PartlyFinishedUnionState = 25,

    /// <summary>A task was not ready yet. Trigger again.</summary>
    TaskNotReady = 26,

    /// <summary>A task was closing. Trigger again once the next attempt runs.</summary>
    TaskClosing = 27,

    /// <summary>The barrier of a newer checkpoint came first. Use the newer one, or trigger less often.</summary>
    BarrierOvertaken = 28,

    /// <summary>A task told those behind it to give the checkpoint up. Look for its own reason.</summary>
    BarrierCancelled = 29,

    /// <summary>An input ended before its barrier came. Trigger again.</summary>
    InputEnded = 30,

    /// <summary>The asynchronous part of a snapshot failed. The inner exception says why; mostly the storage.</summary>
    SnapshotFailed = 31,

    /// <summary>The storage failed while the checkpoint was being prepared. Look at the storage; try again
    /// later.</summary>
    StorageFailed = 32,

    /// <summary>The coordinator is suspended; it goes on elsewhere or later. Trigger there.</summary>
    CoordinatorSuspended = 33,

    /// <summary>A task failed while it took the checkpoint, and its attempt goes down with it. The restarted job makes
    /// the next one.</summary>
    TaskFailed = 34,

    /// <summary>A part of the job restarts. Trigger again once it runs.</summary>
    RegionRestarting = 35,

    /// <summary>A task could not act on a notice about an earlier checkpoint. Look at the inner exception.</summary>
    NotificationFailed = 36,

    /// <summary>Records on their way between two tasks could not be stored. Look at the storage.</summary>
    ChannelStateFailed = 37,

    /// <summary>An output of a finished stage is not consumed yet, and such a job cannot be checkpointed. Wait for
    /// it.</summary>
    BlockingOutput = 38,
}
