namespace Checkpointing.State;

/// <summary>How the items of an operator's list are dealt to the subtasks on restore.</summary>
public enum StateRedistribution
{
    /// <summary>Each item goes to one subtask: to its old one at the same parallelism, else round robin.</summary>
    Split = 0,

    /// <summary>Each subtask gets the items of all.</summary>
    Union = 1,
}
