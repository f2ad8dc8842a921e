namespace Checkpointing.Hosting;

/// <summary>How a job ended.</summary>
/// <param name="Termination">Finished, cancelled, or suspended.</param>
/// <param name="LastCheckpoint">Path of the last completed checkpoint; it may have been deleted by then. Null if there
/// was none.</param>
/// <param name="RestartCount">How often the job was restarted.</param>
public sealed record JobResult(JobTermination Termination, string? LastCheckpoint, int RestartCount)
{
    /// <summary>Path of the savepoint that the job was stopped with; null if it ended otherwise.</summary>
    public string? Savepoint { get; init; }
}
