namespace Checkpointing;

/// <summary>What happens to the retained checkpoints of a job when the job ends.</summary>
public enum CheckpointRetention
{
    /// <summary>They are deleted when the job finishes or is cancelled; kept when it fails or is suspended.</summary>
    OnFailure = 0,

    /// <summary>They stay after cancellation, failure and suspension; deleted only when the job finishes.</summary>
    OnCancellation = 1,

    /// <summary>They always stay.</summary>
    Always = 2,
}

/// <summary>How a job ended, or left for a while.</summary>
public enum JobTermination
{
    /// <summary>It goes on elsewhere or later: nothing is deleted.</summary>
    Suspended = 0,

    /// <summary>The input ended.</summary>
    Finished = 1,

    /// <summary>A user cancelled it.</summary>
    Cancelled = 2,

    /// <summary>It failed for good.</summary>
    Failed = 3,
}

/// <summary>Properties stored with a checkpoint.</summary>
/// <param name="Kind">What was asked for.</param>
/// <param name="Retention">What happens to it when the job ends.</param>
public sealed record CheckpointProperties(CheckpointKind Kind, CheckpointRetention Retention)
{
    /// <summary>How the keyed state of a savepoint was written, which need not be what was asked for. Default, and for
    /// everything that is no savepoint: <see cref="SavepointFormat.Canonical"/>.</summary>
    public SavepointFormat Format { get; init; }

    /// <summary>Whether the checkpoint stays when the job ends in this way. A savepoint always stays.</summary>
    public bool StaysAfter(JobTermination termination) =>
        Kind == CheckpointKind.Savepoint || Retention == CheckpointRetention.Always || termination switch
        {
            JobTermination.Suspended or JobTermination.Failed => true,
            JobTermination.Cancelled => Retention == CheckpointRetention.OnCancellation,
            _ => false,
        };
}
