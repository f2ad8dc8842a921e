using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>Which items of operator state go to which subtask when the parallelism may have changed. Pure.</summary>
/// <remarks>Split items go round robin in stored order, each to one subtask; union items to all; broadcast items, which all
/// subtasks hold alike, to each once, from the first handle that has them.</remarks>
public static class OperatorStateAssignment
{
    /// <summary>Cuts the handles of all old subtasks for the new ones.</summary>
    /// <param name="all">One handle an old subtask that had state, by index.</param>
    /// <param name="newParallelism">At least 1.</param>
    /// <returns>For each new subtask the handles to read, whose partitions hold only the items that go to it.</returns>
    public static IReadOnlyList<IReadOnlyList<OperatorStateHandle>> Assign(
        IReadOnlyList<OperatorStateHandle> all, int newParallelism)
    {
        ArgumentNullException.ThrowIfNull(all);
        ArgumentOutOfRangeException.ThrowIfLessThan(newParallelism, 1);
        var nextOfState = new Dictionary<string, int>(StringComparer.Ordinal);
        var broadcast = new HashSet<string>(StringComparer.Ordinal);
        var assigned = Enumerable.Range(0, newParallelism).Select(static _ => new List<OperatorStateHandle>()).ToArray();
        foreach (var handle in all)
        {
            var partitions = Enumerable.Range(0, newParallelism).Select(static _ => new List<OperatorStatePartition>()).ToArray();
            foreach (var partition in handle.Partitions)
            {
                AssignPartition(partition, partitions, nextOfState, broadcast);
            }

            for (var subtask = 0; subtask < newParallelism; subtask++)
            {
                if (partitions[subtask].Count > 0)
                {
                    assigned[subtask].Add(handle with { Partitions = partitions[subtask].ToValueList() });
                }
            }
        }

        return assigned;
    }

    private static void AssignPartition(
        OperatorStatePartition partition,
        List<OperatorStatePartition>[] targets,
        Dictionary<string, int> nextOfState,
        HashSet<string> broadcast)
    {
        if (partition.Mode == OperatorStateMode.Split)
        {
            var next = nextOfState.GetValueOrDefault(partition.Name);
            var offsets = targets.Select(static _ => new List<long>()).ToArray();
            foreach (var offset in partition.Offsets)
            {
                offsets[next].Add(offset);
                next = (next + 1) % targets.Length;
            }

            nextOfState[partition.Name] = next;
            for (var subtask = 0; subtask < targets.Length; subtask++)
            {
                // An empty share is kept too: it says that the state was there.
                targets[subtask].Add(partition with { Offsets = offsets[subtask].ToValueList() });
            }
        }
        else if (partition.Mode == OperatorStateMode.Union || broadcast.Add(partition.Name))
        {
            Array.ForEach(targets, target => target.Add(partition));
        }
    }
}
