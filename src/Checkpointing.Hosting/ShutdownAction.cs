namespace Checkpointing.Hosting;

/// <summary>What happens to a job when its service is shut down. It never outlasts the service's time for
/// that.</summary>
public enum ShutdownAction
{
    /// <summary>One last checkpoint, then the job is suspended: the next process goes on where this one stopped. The
    /// default.</summary>
    Checkpoint = 0,

    /// <summary>A savepoint, then as for <see cref="Checkpoint"/>: for an upgrade that one may want to take
    /// back.</summary>
    StopWithSavepoint = 1,

    /// <summary>The job is suspended at once; the next process reads again what came after the newest
    /// checkpoint.</summary>
    Suspend = 2,

    /// <summary>The job is cancelled: its retention says what happens to its checkpoints.</summary>
    Cancel = 3,
}
