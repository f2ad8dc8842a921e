namespace Checkpointing;

/// <summary>How a job ends with a savepoint.</summary>
public enum StopMode
{
    /// <summary>Where it stands: windows and timers stay in the savepoint, and a job that resumes from it goes
    /// on.</summary>
    Suspend = 0,

    /// <summary>As at the end of the input: the sources send their last watermark before the barrier, so that timers
    /// fire
    /// and windows close. For a program whose successor does not go on with them.</summary>
    Drain = 1,
}
