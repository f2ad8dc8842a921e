using System.Collections;
using Checkpointing.KeyGroups;

namespace Checkpointing.Coordination;

/// <summary>What the coordinator has to know of a job: its operators and their parallelism.</summary>
/// <remarks>Filled once, then not changed. Use: <c>new JobTopology("flights", 128) { { "source", 1 }, { "delays", 2 }
/// }</c>;
/// operators that get triggers themselves (sources) are added with <c>isSource: true</c>; if none is, all
/// are.</remarks>
public sealed class JobTopology : IEnumerable<JobOperator>
{
    private readonly List<JobOperator> _operators = [];

    /// <summary>Begins a topology.</summary>
    /// <param name="job">Name of the job.</param>
    /// <param name="maxParallelism">Number of key groups, 1 to 32,768; fixed for the job's life.</param>
    public JobTopology(JobId job, int maxParallelism)
    {
        KeyGroupAssignment.CheckMaxParallelism(maxParallelism);
        Job = job;
        MaxParallelism = maxParallelism;
    }

    /// <summary>The job.</summary>
    public JobId Job { get; }

    /// <summary>Number of key groups.</summary>
    public int MaxParallelism { get; }

    /// <summary>The operators, in the order they were added.</summary>
    public IReadOnlyList<JobOperator> Operators => _operators;

    /// <summary>Adds an operator.</summary>
    /// <exception cref="ArgumentException">The name is taken, or the parallelism is outside 1 to the max
    /// parallelism.</exception>
    public void Add(string name, int parallelism, bool isSource = false)
    {
        if (_operators.Exists(o => o.Name == name))
        {
            throw new ArgumentException(
                $"Job '{Job}' has two operators named '{name}'. Names are identities: give each its own.",
                nameof(name));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(parallelism, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(parallelism, MaxParallelism);
        _operators.Add(new(name, OperatorId.FromName(name), parallelism, isSource));
    }

    /// <inheritdoc/>
    public IEnumerator<JobOperator> GetEnumerator() => _operators.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>An operator of a topology.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Id">The id that its name gives.</param>
/// <param name="Parallelism">Number of subtasks.</param>
/// <param name="IsSource">Whether it gets triggers itself.</param>
public sealed record JobOperator(string Name, OperatorId Id, int Parallelism, bool IsSource);
