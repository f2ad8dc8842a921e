namespace Checkpointing.State;

/// <summary>The clock that a timer follows.</summary>
public enum TimeDomain
{
    /// <summary>The records' own time; moves by watermarks.</summary>
    EventTime = 0,

    /// <summary>The clock of the process that runs the subtask.</summary>
    ProcessingTime = 1,
}
