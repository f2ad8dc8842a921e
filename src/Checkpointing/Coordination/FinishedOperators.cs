using Checkpointing.Metadata;
using Checkpointing.State;
using Checkpointing.StateHandles;

namespace Checkpointing.Coordination;

/// <summary>What a checkpoint says of operators that have finished, wholly or in part. Pure.</summary>
internal static class FinishedOperators
{
    /// <summary>Names of the topology's operators all of whose subtasks had finished.</summary>
    public static HashSet<string> NamesOf(CheckpointMetadata metadata, JobTopology topology)
    {
        var finished = metadata.Operators.Where(static o => o.IsFullyFinished).Select(static o => o.Id).ToHashSet();
        return [.. topology.Operators.Where(o => finished.Contains(o.Id)).Select(static o => o.Name)];
    }

    /// <summary>The entry of an operator in a checkpoint's metadata.</summary>
    /// <param name="one">The operator.</param>
    /// <param name="maxParallelism">Of the job.</param>
    /// <param name="snapshots">What its subtasks acknowledged with, by index; finished ones are not there.</param>
    public static OperatorCheckpoint Describe(
        JobOperator one, int maxParallelism, IReadOnlyDictionary<int, SubtaskSnapshot> snapshots)
    {
        var subtasks = new List<SubtaskCheckpoint>();
        for (var index = 0; index < one.Parallelism; index++)
        {
            if (!snapshots.TryGetValue(index, out var snapshot))
            {
                subtasks.Add(new(index) { IsFinished = true });
            }
            else if (snapshot.Keyed is not null || snapshot.Operator is not null)
            {
                subtasks.Add(new(index) { ManagedKeyed = snapshot.Keyed, ManagedOperator = snapshot.Operator });
            }
        }

        var isFullyFinished = snapshots.Count == 0;
        return new(one.Id, one.Parallelism, maxParallelism, isFullyFinished ? [] : subtasks.ToValueList())
        {
            Name = one.Name,
            IsFullyFinished = isFullyFinished,
            States = snapshots.OrderBy(static s => s.Key).SelectMany(static s => s.Value.States).Distinct()
                .ToValueList(),
        };
    }

    /// <summary>The operator whose union state would be incomplete, since some of its subtasks have finished.</summary>
    public static string? FindIncompleteUnion(
        IReadOnlySet<SubtaskAddress> finished, IReadOnlyDictionary<SubtaskAddress, SubtaskSnapshot> snapshots)
    {
        var partly = finished.Select(static subtask => subtask.Operator).ToHashSet();
        return snapshots.FirstOrDefault(s => partly.Contains(s.Key.Operator)
            && s.Value.Operator?.Partitions.Any(static p => p.Mode == OperatorStateMode.Union) == true).Key?.Operator;
    }

    /// <summary>Refuses a program in which something that has finished would be fed again.</summary>
    /// <exception cref="StateMigrationException">An operator has finished but what feeds it now has not.</exception>
    public static void CheckFeeding(CheckpointMetadata metadata, JobTopology topology)
    {
        var stored = metadata.Operators.ToDictionary(static o => o.Id);
        var operators = topology.Operators.ToDictionary(static o => o.Name);
        foreach (var connection in topology.Connections)
        {
            if (!stored.TryGetValue(operators[connection.To].Id, out var fed))
            {
                continue;
            }

            var feeds = stored.GetValueOrDefault(operators[connection.From].Id);
            var isPartlyFinished = fed.Subtasks.Any(static subtask => subtask.IsFinished);
            if (feeds?.IsFullyFinished != true && (fed.IsFullyFinished || (isPartlyFinished && !connection.IsForward)))
            {
                throw new StateMigrationException(
                    connection.To, "(all)", fed.IsFullyFinished ? "finished" : "partly finished",
                    $"'{connection.From}' feeding it, which has not finished",
                    "What has finished does not start again: leave its inputs as they were, or give it a new name.");
            }
        }
    }
}
