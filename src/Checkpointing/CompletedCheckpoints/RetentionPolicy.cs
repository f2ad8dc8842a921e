using Checkpointing.StateHandles;

namespace Checkpointing.CompletedCheckpoints;

/// <summary>Which checkpoints stay in the list. Pure: from a list to a list.</summary>
internal static class RetentionPolicy
{
    /// <summary>Adds a checkpoint and drops the oldest beyond <paramref name="maxRetained"/>.</summary>
    /// <param name="retained">The list, ascending.</param>
    /// <param name="added">Newer than every entry.</param>
    /// <param name="unreadable">Ids that cannot be read now: they are never dropped, and do not count.</param>
    /// <param name="maxRetained">At least 1.</param>
    public static (ValueList<RetainedCheckpoint> Kept, IReadOnlyList<CheckpointId> Subsumed) Add(
        ValueList<RetainedCheckpoint> retained,
        RetainedCheckpoint added,
        IReadOnlySet<CheckpointId> unreadable,
        int maxRetained)
    {
        var readable = retained.Where(checkpoint => !unreadable.Contains(checkpoint.Id)).ToList();
        var subsumed = readable.Take(Math.Max(0, readable.Count + 1 - maxRetained)).Select(static c => c.Id)
            .ToHashSet();
        return (retained.Where(checkpoint => !subsumed.Contains(checkpoint.Id)).Append(added)
            .ToValueList(), [.. subsumed.Order()]);
    }
}
