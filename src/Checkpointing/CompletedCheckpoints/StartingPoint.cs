using Checkpointing.StateHandles;

namespace Checkpointing.CompletedCheckpoints;

/// <summary>Which checkpoints of the list recovery may restore, and in which order. Pure: from a list to a
/// list.</summary>
/// <remarks>Ids alone do not tell: a claimed checkpoint of a low id may be what the job goes on from while its own of
/// higher ids are still listed. So the record says of each whether the job was told to leave it. Ids of those that may
/// be restored ascend, since a checkpoint taken after resuming has a higher id than all in the list.</remarks>
internal static class StartingPoint
{
    /// <summary>The job begins anew, or goes on from a checkpoint that is not in the list.</summary>
    public static ValueList<RetainedCheckpoint> LeaveAll(IEnumerable<RetainedCheckpoint> list) =>
        Order(list.Select(static one => one with { IsLeftBehind = true }));

    /// <summary>The job left all up to this id.</summary>
    public static ValueList<RetainedCheckpoint> LeaveThrough(IEnumerable<RetainedCheckpoint> list, long id) =>
        Order(list.Select(one => one with { IsLeftBehind = one.IsLeftBehind || one.Id.Value <= id }));

    /// <summary>The job goes on from this one: what came after it is left, what came before may still serve if it
    /// cannot be read. Before one that was left itself there is nothing that is known to be of its history.</summary>
    /// <param name="list">The list.</param>
    /// <param name="path">One of its paths.</param>
    public static ValueList<RetainedCheckpoint> GoOnFrom(ValueList<RetainedCheckpoint> list, string path)
    {
        var start = list.First(one => one.Path == path);
        return Order(list.Select(one => one with
        {
            IsLeftBehind = one.Path != path
                && (start.IsLeftBehind || one.IsLeftBehind || one.Id.Value > start.Id.Value),
        }));
    }

    /// <summary>The list with what a claim hands over. What was there before is left.</summary>
    public static ValueList<RetainedCheckpoint> Append(
        ValueList<RetainedCheckpoint> list, ValueList<RetainedCheckpoint> claimed) =>
        Order(LeaveAll(list.Where(one => !claimed.Any(other => other.Path == one.Path))).Concat(claimed));

    private static ValueList<RetainedCheckpoint> Order(IEnumerable<RetainedCheckpoint> list) =>
        list.OrderBy(static one => one.IsLeftBehind ? 0 : 1).ThenBy(static one => one.Id).ToValueList();
}
