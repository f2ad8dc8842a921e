using System.Collections;
using Checkpointing.KeyGroups;

namespace Checkpointing.Coordination;

/// <summary>What the coordinator has to know of a job: its operators and their parallelism.</summary>
/// <remarks>Filled once, then not changed. Use: <c>new JobTopology("flights", 128) { { "source", 1 }, { "delays", 2 }
/// }</c>;
/// operators that get triggers themselves (sources) are added with <c>isSource: true</c>; if none is, all
/// are. <see cref="Connect"/> says what feeds what; only a job whose subtasks finish one after another needs
/// that.</remarks>
public sealed class JobTopology : IEnumerable<JobOperator>
{
    private readonly List<JobOperator> _operators = [];
    private readonly List<JobConnection> _connections = [];

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

    /// <summary>What feeds what, as far as it was said.</summary>
    public IReadOnlyList<JobConnection> Connections => _connections;

    /// <summary>Says that an operator feeds another: once subtasks finish, triggers go to those that nothing running
    /// feeds.</summary>
    /// <param name="from">The feeding operator; added before the other.</param>
    /// <param name="to">The fed operator.</param>
    /// <param name="isForward">Whether each subtask feeds only the one of its index; else each feeds all.</param>
    /// <returns>This topology.</returns>
    /// <exception cref="ArgumentException">An operator is not there, they are not added in this order, or a forward
    /// connection joins different parallelisms.</exception>
    public JobTopology Connect(string from, string to, bool isForward = false)
    {
        var (first, second) = (IndexOf(from), IndexOf(to));
        if (first >= second)
        {
            throw new ArgumentException(
                $"'{from}' feeds '{to}', so it must be added to job '{Job}' before it.", nameof(to));
        }

        if (isForward && _operators[first].Parallelism != _operators[second].Parallelism)
        {
            throw new ArgumentException(
                $"'{from}' has {_operators[first].Parallelism} subtasks and '{to}' {_operators[second].Parallelism}: "
                + "a forward connection needs the same number.",
                nameof(isForward));
        }

        _connections.Add(new(from, to, isForward));
        return this;
    }

    /// <inheritdoc/>
    public IEnumerator<JobOperator> GetEnumerator() => _operators.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private int IndexOf(string name)
    {
        var index = _operators.FindIndex(o => o.Name == name);
        return index >= 0 ? index : throw new ArgumentException($"Job '{Job}' has no operator named '{name}'.");
    }
}

/// <summary>An operator of a topology.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Id">The id that its name gives.</param>
/// <param name="Parallelism">Number of subtasks.</param>
/// <param name="IsSource">Whether it gets triggers itself.</param>
public sealed record JobOperator(string Name, OperatorId Id, int Parallelism, bool IsSource);

/// <summary>An operator feeds another.</summary>
/// <param name="From">Name of the feeding one.</param>
/// <param name="To">Name of the fed one.</param>
/// <param name="IsForward">Whether each subtask feeds only the one of its index; else each feeds all.</param>
public sealed record JobConnection(string From, string To, bool IsForward);
