using Checkpointing.CompletedCheckpoints;
using Checkpointing.KeyGroups;
using Checkpointing.Metadata;
using Checkpointing.State;

namespace Checkpointing.Coordination;

/// <summary>Cuts a checkpoint for the subtasks of a job, at any parallelism. Pure.</summary>
internal static class StateAssignment
{
    /// <summary>What each subtask restores.</summary>
    /// <exception cref="StateMigrationException">The max parallelism differs, or a stored operator has no
    /// counterpart.</exception>
    public static IReadOnlyDictionary<(string Operator, int Index), SubtaskRestore> Assign(
        CompletedCheckpoint checkpoint, JobTopology topology, bool isForeign, bool allowNonRestoredState)
    {
        var stored = checkpoint.Metadata.Operators.ToDictionary(static o => o.Id);
        CheckOperators(checkpoint, topology, allowNonRestoredState);
        FinishedOperators.CheckFeeding(checkpoint.Metadata, topology);
        var assigned = new Dictionary<(string, int), SubtaskRestore>();
        foreach (var target in topology.Operators)
        {
            if (stored.TryGetValue(target.Id, out var source))
            {
                AssignOperator(checkpoint, source, target, topology.MaxParallelism, isForeign, assigned);
            }
        }

        return assigned;
    }

    private static void CheckOperators(CompletedCheckpoint checkpoint, JobTopology topology, bool allowNonRestoredState)
    {
        foreach (var source in checkpoint.Metadata.Operators)
        {
            var name = source.Name ?? source.Id.ToString();
            if (source.MaxParallelism != topology.MaxParallelism)
            {
                throw new StateMigrationException(
                    name, "(all)", $"{source.MaxParallelism} key groups", $"{topology.MaxParallelism}",
                    "The max parallelism is fixed for a job's life: give the program the stored one.");
            }

            if (HasState(source) && !allowNonRestoredState && !topology.Operators.Any(o => o.Id == source.Id))
            {
                throw new StateMigrationException(
                    name, "(all)", $"an operator of '{checkpoint.Path}'", "no operator of this name",
                    "Keep the operator's name, or allow non-restored state to leave it behind.");
            }
        }
    }

    /// <summary>Operators with state that the program does not have.</summary>
    public static IEnumerable<OperatorCheckpoint> LeftBehind(CompletedCheckpoint checkpoint, JobTopology topology) =>
        checkpoint.Metadata.Operators.Where(o => HasState(o) && !topology.Operators.Any(t => t.Id == o.Id));

    private static bool HasState(OperatorCheckpoint one) =>
        one.CoordinatorState is not null || one.Subtasks.Any(static subtask => subtask.Handles.Any());

    private static void AssignOperator(
        CompletedCheckpoint checkpoint,
        OperatorCheckpoint source,
        JobOperator target,
        int maxParallelism,
        bool isForeign,
        Dictionary<(string, int), SubtaskRestore> assigned)
    {
        var subtasks = source.Subtasks.OrderBy(static s => s.Index).ToList();
        var operatorHandles = subtasks.Select(static s => s.ManagedOperator).OfType<StateHandles.OperatorStateHandle>()
            .ToList();
        var operatorStates = OperatorStateAssignment.Assign(operatorHandles, target.Parallelism);
        for (var index = 0; index < target.Parallelism; index++)
        {
            var range = KeyGroupAssignment.RangeOf(index, target.Parallelism, maxParallelism);
            var keyed = subtasks.Select(static s => s.ManagedKeyed).OfType<StateHandles.KeyedStateHandle>()
                .Where(handle => handle.KeyGroups.Overlaps(range)).ToList();
            assigned[(target.Name, index)] = new(checkpoint.Id, isForeign, keyed, operatorStates[index])
            {
                IsFinished = source.IsFullyFinished,
            };
        }
    }
}
