namespace Checkpointing.Hosting;

/// <summary>Where a job of a host stands.</summary>
public enum JobStatus
{
    /// <summary>Being started: it restores its state, or waits to try again. What is asked of it waits.</summary>
    Starting = 0,

    /// <summary>It runs, or is about to be restarted after a failure.</summary>
    Running = 1,

    /// <summary>Its input has ended, and it with it.</summary>
    Finished = 2,

    /// <summary>A user cancelled it.</summary>
    Cancelled = 3,

    /// <summary>Stopped for a while: started again it goes on from its newest checkpoint.</summary>
    Suspended = 4,

    /// <summary>Failed for good, or could not be started; <see cref="HostedJob.Failure"/> says why.</summary>
    Failed = 5,
}
