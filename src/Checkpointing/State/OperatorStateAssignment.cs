using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>Which stored items of an operator go to which subtask.</summary>
public static class OperatorStateAssignment
{
    /// <summary>Deals all items to the subtasks.</summary>
    /// <remarks>Items of a split state stay with their subtask at the same parallelism; else they are dealt round robin
    /// in
    /// stored order (by old subtask, then by position), each state from subtask 0 on. Items of a union state go to all,
    /// in
    /// stored order. Of a broadcast state each subtask gets the items of one old subtask.</remarks>
    /// <param name="all">By old subtask; null where it had no operator state.</param>
    /// <param name="newParallelism">At least 1.</param>
    /// <returns>By new subtask: handles that hold only its items; none without items.</returns>
    public static IReadOnlyList<OperatorStateHandle>[] Assign(
        IReadOnlyList<OperatorStateHandle?> all, int newParallelism)
    {
        ArgumentNullException.ThrowIfNull(all);
        ArgumentOutOfRangeException.ThrowIfLessThan(newParallelism, 1);
        var result = new List<OperatorStateHandle>[newParallelism];
        for (var subtask = 0; subtask < newParallelism; subtask++)
        {
            result[subtask] = [];
        }

        Dictionary<string, int> dealt = [];
        var broadcasters = FindBroadcasters(all);
        for (var old = 0; old < all.Count; old++)
        {
            if (all[old] is { } handle)
            {
                Deal(handle, old, isSameParallelism: all.Count == newParallelism, dealt, broadcasters, result);
            }
        }

        return result;
    }

    private static void Deal(
        OperatorStateHandle handle, int old, bool isSameParallelism, Dictionary<string, int> dealt,
        Dictionary<string, List<int>> broadcasters, List<OperatorStateHandle>[] result)
    {
        var cut = new List<OperatorStatePartition>[result.Length];
        foreach (var partition in handle.Partitions)
        {
            var first = dealt.GetValueOrDefault(partition.Name);
            for (var subtask = 0; subtask < result.Length; subtask++)
            {
                ValueList<long> offsets = partition.Mode switch
                {
                    OperatorStateMode.Union => partition.Offsets,
                    OperatorStateMode.Broadcast when broadcasters.TryGetValue(partition.Name, out var owners)
                        && owners[subtask % owners.Count] == old => partition.Offsets,
                    OperatorStateMode.Split when isSameParallelism => subtask == old ? partition.Offsets : [],
                    OperatorStateMode.Split => [.. Take(partition.Offsets, subtask - first, result.Length)],
                    _ => [],
                };
                if (offsets.Count > 0)
                {
                    (cut[subtask] ??= []).Add(partition with { Offsets = offsets });
                }
            }

            dealt[partition.Name] = (first + partition.Offsets.Count) % result.Length;
        }

        for (var subtask = 0; subtask < result.Length; subtask++)
        {
            if (cut[subtask] is { } partitions)
            {
                result[subtask].Add(handle with { Partitions = [.. partitions] });
            }
        }
    }

    private static IEnumerable<long> Take(ValueList<long> offsets, int distance, int step)
    {
        for (var i = (distance + step) % step; i < offsets.Count; i += step)
        {
            yield return offsets[i];
        }
    }

    private static Dictionary<string, List<int>> FindBroadcasters(IReadOnlyList<OperatorStateHandle?> all)
    {
        Dictionary<string, List<int>> found = [];
        for (var old = 0; old < all.Count; old++)
        {
            foreach (var partition in all[old]?.Partitions ?? [])
            {
                // One without items has no copy to give: others have, or none has.
                if (partition.Mode == OperatorStateMode.Broadcast && partition.Offsets.Count > 0)
                {
                    if (!found.TryGetValue(partition.Name, out var owners))
                    {
                        found.Add(partition.Name, owners = []);
                    }

                    owners.Add(old);
                }
            }
        }

        return found;
    }
}
