using Checkpointing.Coordination;
using Checkpointing.Hosting.Definition;
using Checkpointing.Hosting.Runtime;
using Checkpointing.KeyGroups;
using Checkpointing.Metadata;
using Checkpointing.State;

namespace Checkpointing.Hosting.Execution;

/// <summary>A subtask of a plan.</summary>
/// <param name="Vertex">Its operator.</param>
/// <param name="Index">Its index in the operator.</param>
/// <param name="Parallelism">Subtasks of the operator.</param>
/// <param name="InputCount">Its inputs over all edges.</param>
internal sealed record PlannedSubtask(Vertex Vertex, int Index, int Parallelism, int InputCount);

/// <summary>A definition at a parallelism: which subtasks there are and which input of which each one sends
/// to.</summary>
internal sealed class JobPlan
{
    private readonly Dictionary<Vertex, int> _firstSubtask = [];
    private readonly Dictionary<Vertex, int> _parallelism = [];
    private readonly List<PlannedSubtask> _subtasks = [];

    /// <summary>Plans a run.</summary>
    /// <exception cref="ArgumentException">A parallelism is out of range, or is given for an operator that has none of
    /// its own.</exception>
    public JobPlan(StreamJob job, JobId name, int parallelism, IReadOnlyDictionary<string, int> operatorParallelism)
    {
        var settable = job.Vertices.Where(static vertex => vertex.HasOwnParallelism)
            .Select(static vertex => vertex.Name);
        if (operatorParallelism.Keys.Except(settable).FirstOrDefault() is { } unknown)
        {
            throw new ArgumentException(
                $"Job '{job.Name}' has no keyed operator or parallel source '{unknown}' to set the parallelism of.");
        }

        Job = job;
        Topology = new(name, job.MaxParallelism);
        foreach (var vertex in job.Vertices)
        {
            var count = vertex.ParallelismFor(n => operatorParallelism.GetValueOrDefault(n, parallelism));
            Topology.Add(vertex.Name, count, vertex.IsSource);
            _parallelism.Add(vertex, count);
            _firstSubtask.Add(vertex, _subtasks.Count);
            foreach (var edge in vertex.Inputs)
            {
                Topology.Connect(edge.From.Name, vertex.Name, IsOneToOne(edge));
            }

            var inputCount = vertex.Inputs.Sum(InputCountOf);
            _subtasks.AddRange(
                Enumerable.Range(0, count).Select(i => new PlannedSubtask(vertex, i, count, inputCount)));
        }
    }

    public StreamJob Job { get; }

    public JobTopology Topology { get; }

    /// <summary>All subtasks; a route names them by their place here.</summary>
    public IReadOnlyList<PlannedSubtask> Subtasks => _subtasks;

    public KeyGroupRange KeyGroupsOf(PlannedSubtask subtask) => subtask.Vertex.IsKeyed
        ? KeyGroupAssignment.RangeOf(subtask.Index, subtask.Parallelism, Job.MaxParallelism)
        : KeyGroupRange.Empty;

    /// <summary>Makes the state machine of a subtask.</summary>
    public SubtaskRuntime CreateSubtask(PlannedSubtask subtask, SubtaskAddress address, int batchSize) =>
        subtask.Vertex.CreateSubtask(new(
            address,
            [.. subtask.Vertex.Inputs.SelectMany(edge => Enumerable.Repeat(edge.Side, InputCountOf(edge)))],
            edge => RoutesOf(edge, subtask.Index),
            Job.MaxParallelism,
            batchSize));

    /// <summary>Inputs of each subtask of an operator that come from certain operators.</summary>
    public IReadOnlyList<int> InputsFrom(Vertex vertex, Func<Vertex, bool> from) =>
    [
        .. vertex.Inputs.SelectMany(edge => Enumerable.Repeat(from(edge.From), InputCountOf(edge)))
            .Index().Where(static input => input.Item).Select(static input => input.Index),
    ];

    /// <summary>Holds the states that the operators declare against those of a checkpoint.</summary>
    /// <exception cref="StateMigrationException">A state does not fit.</exception>
    public void CheckStored(CheckpointMetadata checkpoint, bool allowNonRestoredState)
    {
        var stored = checkpoint.Operators.ToDictionary(static o => o.Id);
        foreach (var (vertex, target) in Job.Vertices.Zip(Topology.Operators))
        {
            if (stored.TryGetValue(target.Id, out var found))
            {
                var declared = vertex.Declare();
                SubtaskState.CheckStored(
                    vertex.Name, found.States, declared.States, declared.Key, declared.UsesTimers,
                    allowNonRestoredState);
            }
        }
    }

    private bool IsOneToOne(Edge edge) =>
        edge.Kind == EdgeKind.Forward && _parallelism[edge.From] == _parallelism[edge.To];

    private int InputCountOf(Edge edge) => IsOneToOne(edge) ? 1 : _parallelism[edge.From];

    private List<Route> RoutesOf(Edge edge, int fromIndex)
    {
        var first = _firstSubtask[edge.To];
        var input = edge.To.Inputs.TakeWhile(other => !ReferenceEquals(other, edge)).Sum(InputCountOf);
        return IsOneToOne(edge)
            ? [new(first + fromIndex, input)]
            : [.. Enumerable.Range(0, _parallelism[edge.To]).Select(to => new Route(first + to, input + fromIndex))];
    }
}
