namespace Checkpointing;

/// <summary>Base of every failure that is neither the caller's mistake nor our bug.</summary>
/// <remarks>The message says what, where, expected, found and what to do; properties hold the same facts.</remarks>
public abstract class CheckpointingException(string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>Whether the same call may succeed later without anybody's action.</summary>
    public virtual bool IsTransient => false;
}

/// <summary>Stored bytes do not have the expected form. Repeating the call will not help; use another
/// checkpoint.</summary>
public sealed class CheckpointCorruptException(
    string path, long offset, string expected, string actual, string? newestGood = null,
        Exception? innerException = null)
    : CheckpointingException(
        $"'{path}' is corrupt at byte {offset}: expected {expected}, found {actual}."
        + (newestGood is null ? "" : $" The newest checkpoint that does not need this file is '{newestGood}'."),
        innerException)
{
    /// <summary>Path of the damaged file.</summary>
    public string Path { get; } = path;

    /// <summary>Offset of the first damaged byte from the start of the file, in bytes.</summary>
    public long Offset { get; } = offset;

    /// <summary>What should be there.</summary>
    public string Expected { get; } = expected;

    /// <summary>What is there.</summary>
    public string Actual { get; } = actual;

    /// <summary>Path of the newest checkpoint that does not need the file, if one is known.</summary>
    public string? NewestGood { get; } = newestGood;
}

/// <summary>The bytes are of a format or version that this library cannot read or write.</summary>
public sealed class UnsupportedFormatException(string path, string found, string supported)
    : CheckpointingException($"'{path}' has {found}; supported: {supported}.")
{
    /// <summary>Path of the file.</summary>
    public string Path { get; } = path;

    /// <summary>What was found.</summary>
    public string Found { get; } = found;

    /// <summary>What this library can read or write there.</summary>
    public string Supported { get; } = supported;
}

/// <summary>The storage or a register did not do what was asked: unreachable, denied, full. Older checkpoints are
/// intact.</summary>
public sealed class CheckpointStorageUnavailableException(
    string path, string problem, Exception? innerException = null, bool isTransient = true)
    : CheckpointingException($"'{path}' {problem}", innerException)
{
    /// <summary>What was to be read, written or deleted.</summary>
    public string Path { get; } = path;

    /// <summary>Whether it is certain that the call changed nothing, nor will. Default: false, it may have
    /// happened.</summary>
    public bool ChangedNothing { get; init; }

    /// <inheritdoc/>
    public override bool IsTransient { get; } = isTransient;
}

/// <summary>A checkpoint was not started or did not complete; the job goes on, older checkpoints are intact.</summary>
public sealed class CheckpointDeclinedException(
    CheckpointId? checkpointId, CheckpointFailureReason reason, string detail, Exception? innerException = null)
    : CheckpointingException(
        (checkpointId is { } id ? $"Checkpoint {id}" : "A checkpoint")
            + $" was declined: {detail} ({reason}).", innerException)
{
    /// <summary>The checkpoint; null if none was begun.</summary>
    public CheckpointId? CheckpointId { get; } = checkpointId;

    /// <summary>Why.</summary>
    public CheckpointFailureReason Reason { get; } = reason;

    /// <summary>The subtask that declined, if one did: <c>operator[index]</c>.</summary>
    public string? Subtask { get; init; }

    /// <inheritdoc/>
    public override bool IsTransient => Reason is not (CheckpointFailureReason.Fenced
        or CheckpointFailureReason.CoordinatorShutdown or CheckpointFailureReason.OutcomeUnknown
        or CheckpointFailureReason.ConflictingSharedState or CheckpointFailureReason.JobStopping
        or CheckpointFailureReason.CheckpointingDisabled);
}

/// <summary>Another process has taken over the job. Stop this one: it can change nothing any more.</summary>
public sealed class CoordinatorFencedException(string job, long ownEpoch, long currentEpoch)
    : CheckpointingException(
        $"Job '{job}' was taken over: this coordinator has epoch {ownEpoch}, the register has "
        + $"{currentEpoch}. Stop this process.")
{
    /// <summary>Name of the job.</summary>
    public string Job { get; } = job;

    /// <summary>Epoch of this coordinator.</summary>
    public long OwnEpoch { get; } = ownEpoch;

    /// <summary>Epoch that the register holds.</summary>
    public long CurrentEpoch { get; } = currentEpoch;

    /// <summary>Whether the change that this call was to make was in before the other took over: only its answer was
    /// lost. A checkpoint that it named is completed.</summary>
    public bool WasWritten { get; init; }
}

/// <summary>A write may or may not have happened. Nothing was deleted; recover before the next write.</summary>
public sealed class CheckpointOutcomeUnknownException(
    string job, CheckpointId? checkpointId, Exception? innerException = null)
    : CheckpointingException(
        (checkpointId is { } id ? $"The write of checkpoint {id} of job '{job}'"
            : $"A write to the register of job '{job}'")
        + " was cut off; it may have happened. Recover before the next checkpoint; nothing was deleted.",
        innerException)
{
    /// <summary>Name of the job.</summary>
    public string Job { get; } = job;

    /// <summary>The checkpoint being written, if it was one.</summary>
    public CheckpointId? CheckpointId { get; } = checkpointId;
}

/// <summary>Stored state and the program's declaration do not fit. Change the program, or give the state a new
/// name.</summary>
public sealed class StateMigrationException(
    string operatorName, string state, string stored, string wanted, string whatToDo)
    : CheckpointingException(
        $"State '{state}' of operator '{operatorName}' was stored as {stored}; this program has {wanted}. {whatToDo}")
{
    /// <summary>Name of the operator.</summary>
    public string Operator { get; } = operatorName;

    /// <summary>Name of the state.</summary>
    public string State { get; } = state;

    /// <summary>What was stored.</summary>
    public string Stored { get; } = stored;

    /// <summary>What the program declares.</summary>
    public string Wanted { get; } = wanted;
}

/// <summary>A job's newest checkpoint cannot be read now, and the job may not fall back to an older one.</summary>
/// <remarks>Nothing was deleted. Mend the storage and recover again, or allow the older one.</remarks>
public sealed class UnreadableCheckpointException(
    string job, CheckpointId checkpointId, string path, string? older, CheckpointingException cause)
    : CheckpointingException(
        $"Checkpoint {checkpointId} of job '{job}', '{path}', cannot be read now and is kept: {cause.Message} "
        + (older is null
            ? "No older one can serve. Mend the storage and recover again, or start over."
            : $"Mend the storage and recover again; or let '{older}' serve with UnreadableCheckpoints.FallBack."),
        cause)
{
    /// <summary>Name of the job.</summary>
    public string Job { get; } = job;

    /// <summary>The checkpoint.</summary>
    public CheckpointId CheckpointId { get; } = checkpointId;

    /// <summary>Its folder below the storage's root.</summary>
    public string Path { get; } = path;

    /// <summary>Folder of the newest older checkpoint that could serve; null if there is none.</summary>
    public string? Older { get; } = older;

    /// <inheritdoc/>
    public override bool IsTransient { get; } = cause.IsTransient;
}

/// <summary>There is no checkpoint at a path.</summary>
public sealed class CheckpointNotFoundException(string path, IReadOnlyList<string> found, string? detail = null)
    : CheckpointingException(
        $"There is no checkpoint at '{path}'." + (detail is null ? "" : " " + detail)
        + (found.Count == 0 ? "" : $" Nearby: {string.Join(", ", found)}."))
{
    /// <summary>The path that was asked for.</summary>
    public string Path { get; } = path;

    /// <summary>Checkpoints found nearby, oldest first.</summary>
    public IReadOnlyList<string> Found { get; } = found;
}

/// <summary>A checkpoint belongs to another job, which has claimed it, or is about to. Use no claim, or another
/// checkpoint.</summary>
public sealed class CheckpointClaimedException(string path, string owner, bool isUnderWay = false)
    : CheckpointingException(
        isUnderWay
            ? $"'{path}' cannot be claimed now: a claim of its job by '{owner}' was cut off. Start '{owner}', which "
                + "finishes that; or resume without a claim."
            : $"'{path}' cannot be claimed: it belongs to '{owner}'. Resume from it without a claim, or from another.")
{
    /// <summary>The checkpoint.</summary>
    public string Path { get; } = path;

    /// <summary>The job that has it, or that has to finish its claim.</summary>
    public string Owner { get; } = owner;

    /// <summary>Whether an earlier claim of the same job was cut off: what it took must be taken up first.</summary>
    public bool IsUnderWay { get; } = isUnderWay;
}

/// <summary>A file that a checkpoint needs is not there. Use another checkpoint.</summary>
public sealed class StoredFileMissingException(string path, Exception? innerException = null)
    : CheckpointingException($"'{path}' does not exist.", innerException)
{
    /// <summary>The missing file.</summary>
    public string Path { get; } = path;
}

/// <summary>A path leaves the root of its checkpoint: what metadata names is not believed. Nothing was opened or
/// deleted.</summary>
public sealed class ForeignPathException(string path, string problem, string whatToDo)
    : CheckpointingException($"'{path}' {problem}. {whatToDo}")
{
    /// <summary>The path: of the file that leads elsewhere, or as metadata names it.</summary>
    public string Path { get; } = path;
}

/// <summary>A job failed for good.</summary>
public sealed class JobFailedException(
    string job, string? operatorName, int? subtaskIndex, int restartCount, string? lastCheckpoint,
        Exception innerException)
    : CheckpointingException(
        (operatorName is null ? $"Job '{job}' failed" : $"Operator '{operatorName}', subtask {subtaskIndex}, failed")
        + (restartCount == 0 ? "" : $" and was restarted {restartCount} times")
        + (lastCheckpoint is null ? "; there is no completed checkpoint"
            : $"; the last completed checkpoint is '{lastCheckpoint}'")
        + $". {innerException?.Message}",
        innerException)
{
    /// <summary>Name of the job.</summary>
    public string Job { get; } = job;

    /// <summary>The operator that failed, if one did.</summary>
    public string? Operator { get; } = operatorName;

    /// <summary>Its subtask.</summary>
    public int? SubtaskIndex { get; } = subtaskIndex;

    /// <summary>How often the job had been restarted.</summary>
    public int RestartCount { get; } = restartCount;

    /// <summary>Path of the last completed checkpoint.</summary>
    public string? LastCheckpoint { get; } = lastCheckpoint;
}
