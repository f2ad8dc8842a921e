using Checkpointing.State;
using Microsoft.Extensions.Logging;

namespace Checkpointing.Hosting.Operators;

/// <summary>What an operator without keys is opened with.</summary>
public sealed class OperatorContext
{
    internal OperatorContext(Runtime.SubtaskContext subtask, OperatorState state)
    {
        Job = subtask.Address.Job;
        Operator = subtask.Address.Operator;
        SubtaskIndex = subtask.Address.Index;
        Parallelism = subtask.Parallelism;
        Logger = subtask.State.Logger;
        State = state;
    }

    /// <summary>The job.</summary>
    public JobId Job { get; }

    /// <summary>Name of the operator.</summary>
    public string Operator { get; }

    /// <summary>The subtask, from 0.</summary>
    public int SubtaskIndex { get; }

    /// <summary>Number of subtasks.</summary>
    public int Parallelism { get; }

    /// <summary>Log.</summary>
    public ILogger Logger { get; }

    /// <summary>The declared states, restored.</summary>
    public OperatorState State { get; }
}
