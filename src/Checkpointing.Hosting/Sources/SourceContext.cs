using Checkpointing.State;

namespace Checkpointing.Hosting.Sources;

/// <summary>What a source's reader is opened with.</summary>
public sealed class SourceContext
{
    internal SourceContext(JobId job, string operatorName, OperatorState state)
    {
        Job = job;
        Operator = operatorName;
        State = state;
    }

    internal SourceContext(Runtime.SubtaskContext subtask, OperatorState state)
        : this(subtask.Address.Job, subtask.Address.Operator, state)
    {
        SubtaskIndex = subtask.Address.Index;
        Parallelism = subtask.Parallelism;
        MaxParallelism = subtask.State.MaxParallelism;
        Time = subtask.State.Time;
    }

    /// <summary>The job.</summary>
    public JobId Job { get; }

    /// <summary>Name of the operator.</summary>
    public string Operator { get; }

    /// <summary>The reader, from 0.</summary>
    public int SubtaskIndex { get; }

    /// <summary>Number of readers that share the input; 1 unless <see cref="ISource{T}.IsParallel"/>.</summary>
    public int Parallelism { get; } = 1;

    /// <summary>Largest number of readers that there may ever be: that of the job's key groups.</summary>
    public int MaxParallelism { get; } = 1;

    /// <summary>Time.</summary>
    public TimeProvider Time { get; } = TimeProvider.System;

    /// <summary>The declared states, restored.</summary>
    public OperatorState State { get; }
}
