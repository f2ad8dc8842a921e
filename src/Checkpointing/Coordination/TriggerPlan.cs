namespace Checkpointing.Coordination;

/// <summary>Who takes part in a checkpoint, and who of them is told by the coordinator itself. Pure.</summary>
/// <param name="Awaited">Subtasks that have to acknowledge: all that have not finished.</param>
/// <param name="Triggered">Those that get a trigger; barriers reach the others.</param>
internal sealed record TriggerPlan(IReadOnlyList<SubtaskAddress> Awaited, IReadOnlyList<SubtaskAddress> Triggered)
{
    /// <summary>Plans a checkpoint.</summary>
    /// <param name="topology">The operators, and what feeds what.</param>
    /// <param name="subtasks">All subtasks of the attempt.</param>
    /// <param name="finished">Those that have finished.</param>
    /// <param name="problem">Why there can be none.</param>
    /// <returns>Null if there can be none.</returns>
    public static TriggerPlan? Make(
        JobTopology topology, IReadOnlyList<SubtaskAddress> subtasks, IReadOnlySet<SubtaskAddress> finished,
        out string? problem)
    {
        List<SubtaskAddress> awaited = [.. subtasks.Where(subtask => !finished.Contains(subtask))];
        if (awaited.Count == 0)
        {
            problem = "all tasks have finished; what they did is in the last checkpoint";
            return null;
        }

        var triggered = awaited.FindAll(FirstToHear(topology, awaited));
        problem = triggered.Count > 0
            ? null
            : "all sources have finished, and the topology does not say what they feed: JobTopology.Connect does";
        return triggered.Count > 0 ? new(awaited, triggered) : null;
    }

    private static Predicate<SubtaskAddress> FirstToHear(JobTopology topology, List<SubtaskAddress> running)
    {
        var fed = topology.Connections.ToLookup(static connection => connection.To);
        var runningOf = running.ToLookup(static subtask => subtask.Operator);
        var areSources = topology.Operators
            .Where(o => o.IsSource || (topology.Connections.Count > 0 && !fed.Contains(o.Name)))
            .Select(static o => o.Name).ToHashSet();
        if (areSources.Count == 0)
        {
            // Nobody is marked: all are told.
            return static _ => true;
        }

        // A subtask that nothing running feeds gets no barrier, so it is told like a source.
        return subtask => areSources.Contains(subtask.Operator) || (fed.Contains(subtask.Operator)
            && fed[subtask.Operator].All(connection => connection.IsForward
                ? !runningOf[connection.From].Any(from => from.Index == subtask.Index)
                : !runningOf[connection.From].Any()));
    }
}
