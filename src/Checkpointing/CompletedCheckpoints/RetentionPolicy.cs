using Checkpointing.StateHandles;

namespace Checkpointing.CompletedCheckpoints;

/// <summary>Which checkpoints stay in the list. Pure: from a list to a list.</summary>
internal static class RetentionPolicy
{
    /// <summary>Adds a checkpoint and drops the oldest beyond <paramref name="maxRetained"/>.</summary>
    /// <param name="retained">The list in the record's order: those that were left behind go first.</param>
    /// <param name="added">Newer than every entry.</param>
    /// <param name="unreadable">Paths of those that cannot be read now: they are never dropped, and do not
    /// count. (Paths, since a claimed checkpoint may have the id of one of ours.)</param>
    /// <param name="maxRetained">At least 1.</param>
    /// <returns>The new list: at least <paramref name="added"/>, which is the base of what comes next.</returns>
    public static ValueList<RetainedCheckpoint> Add(
        ValueList<RetainedCheckpoint> retained,
        RetainedCheckpoint added,
        IReadOnlySet<string> unreadable,
        int maxRetained)
    {
        var readable = retained.Where(checkpoint => !unreadable.Contains(checkpoint.Path)).ToList();
        var subsumed = readable.Take(Math.Max(0, readable.Count + 1 - maxRetained)).Select(static c => c.Path)
            .ToHashSet();
        return retained.Where(checkpoint => !subsumed.Contains(checkpoint.Path)).Append(added).ToValueList();
    }
}
