namespace Checkpointing.Hosting.Control;

/// <summary>The answer to a request for a checkpoint.</summary>
/// <param name="Job">Name of the job.</param>
/// <param name="CheckpointId">Its id.</param>
/// <param name="Path">Its folder below the storage's root: what a job is started from.</param>
/// <param name="TriggeredAt">When it was triggered, millisecond precision.</param>
public sealed record CheckpointAnswer(JobId Job, CheckpointId CheckpointId, string Path, DateTimeOffset TriggeredAt);

/// <summary>How a request is met.</summary>
public sealed class JobRequestOptions
{
    /// <summary>How long to wait for tasks that are not running yet, 1 ms to 1 day. The checkpoint itself has the job's
    /// timeout. Default: 30 seconds.</summary>
    public TimeSpan Deadline { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Pause before the next try, at least 1 ms. Default: 100 ms.</summary>
    public TimeSpan RetryPause { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The reign of the job's coordinator that the request is meant for; null: whichever it is.</summary>
    public long? Epoch { get; set; }

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Deadline, TimeSpan.FromMilliseconds(1), nameof(Deadline));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Deadline, TimeSpan.FromDays(1), nameof(Deadline));
        ArgumentOutOfRangeException.ThrowIfLessThan(RetryPause, TimeSpan.FromMilliseconds(1), nameof(RetryPause));
    }
}
