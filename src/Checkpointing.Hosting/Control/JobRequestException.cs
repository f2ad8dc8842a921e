namespace Checkpointing.Hosting.Control;

/// <summary>Why a request to a job could not be met, and what the caller can do.</summary>
public enum JobRequestFailure
{
    /// <summary>The host runs no job of this name (<see cref="UnknownJobException"/>). Look at the name, or ask another
    /// host.</summary>
    UnknownJob = 1,

    /// <summary>The job has ended. Start it again.</summary>
    JobNotRunning = 2,

    /// <summary>Checkpoints are switched off for the job. Start it with them, or force the request.</summary>
    CheckpointingDisabled = 3,

    /// <summary>Tasks were not running before the deadline. Ask again later, or with a longer deadline.</summary>
    TasksNotReady = 4,

    /// <summary>There is no such kind of checkpoint or format of savepoint. Correct the request.</summary>
    UnknownCheckpointType = 5,

    /// <summary>No checkpoint was begun. <see cref="JobRequestException.Reason"/> says why, and what to do.</summary>
    TriggerFailed = 6,

    /// <summary>The savepoint's metadata could not be stored, or is gone again. Look at the storage.</summary>
    SavepointNotPersisted = 7,

    /// <summary>A checkpoint was begun and did not complete. <see cref="JobRequestException.Reason"/> and the inner
    /// exception say why.</summary>
    CompletionFailed = 8,

    /// <summary>The job has ended, but not as it should: the inner exception says what was left undone.</summary>
    CancellationFailed = 9,

    /// <summary>The request was made for another reign of the job's coordinator. Ask who runs the job now.</summary>
    StaleEpoch = 10,
}

/// <summary>A request to a job could not be met.</summary>
public class JobRequestException : CheckpointingException
{
    /// <summary>Makes one.</summary>
    /// <param name="job">Name of the job.</param>
    /// <param name="failure">What was in the way.</param>
    /// <param name="detail">The same as a sentence that begins small.</param>
    /// <param name="innerException">The cause.</param>
    public JobRequestException(
        JobId job, JobRequestFailure failure, string detail, Exception? innerException = null)
        : base($"The request to job '{job}' could not be met ({failure}): {detail.TrimEnd('.')}.", innerException) =>
        (Job, Failure) = (job.Name, failure);

    private protected JobRequestException(string job, JobRequestFailure failure, string message)
        : base(message) => (Job, Failure) = (job, failure);

    /// <summary>Name of the job.</summary>
    public string Job { get; }

    /// <summary>Which of the things that can be in the way it was.</summary>
    public JobRequestFailure Failure { get; }

    /// <summary>Why a checkpoint did not begin or complete; <see cref="CheckpointFailureReason.None"/> for all
    /// else.</summary>
    public CheckpointFailureReason Reason { get; init; }

    /// <inheritdoc/>
    public override bool IsTransient => Failure is JobRequestFailure.TasksNotReady
        || InnerException is CheckpointingException { IsTransient: true };
}
