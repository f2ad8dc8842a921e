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

    /// <summary>The job.</summary>
    public JobId Job { get; }

    /// <summary>Name of the operator.</summary>
    public string Operator { get; }

    /// <summary>The declared states, restored.</summary>
    public OperatorState State { get; }
}
