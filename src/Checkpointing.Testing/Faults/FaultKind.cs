namespace Checkpointing.Testing.Faults;

/// <summary>What can go wrong with one operation. All keep to the contracts of storage and register: these are the
/// failures that a caller has to bear.</summary>
public enum FaultKind
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>What is to be read or copied is not there.</summary>
    NotFound = 1,

    /// <summary>Not allowed; nothing was changed, and trying again does not help.</summary>
    Denied = 2,

    /// <summary>No space left; nothing was changed.</summary>
    NoSpace = 3,

    /// <summary>An error of the device before anything was done; the caller cannot know that.</summary>
    DeviceError = 4,

    /// <summary>No answer, and nothing was done; the caller cannot know that.</summary>
    TimedOut = 5,

    /// <summary>Half of a block is written, then there is an error.</summary>
    ShortWrite = 6,

    /// <summary>Done, but reported as failed, or for a register as unknown.</summary>
    AppliedButFailed = 7,

    /// <summary>Reported as failed at once, and done a few operations later.</summary>
    AppliedLate = 8,

    /// <summary>Done after <see cref="FaultPlan.Delay"/>.</summary>
    Delayed = 9,

    /// <summary>One bit of what is read is another one; nothing says so.</summary>
    BitFlip = 10,

    /// <summary>One byte is read where more were asked for: no error, the rest comes with the next reads.</summary>
    ShortRead = 11,

    /// <summary>The file ends early; nothing says so.</summary>
    CutRead = 12,

    /// <summary>The process dies: this operation is not done, and neither it nor any later one ever ends.</summary>
    Crash = 13,
}

/// <summary>A fault at an operation of a known number.</summary>
/// <param name="Number">The operation, from 1.</param>
/// <param name="Kind">The fault.</param>
/// <param name="IsForEver">Whether all later operations that can fail in this way do so, too.</param>
public readonly record struct PlannedFault(int Number, FaultKind Kind, bool IsForEver = false);
