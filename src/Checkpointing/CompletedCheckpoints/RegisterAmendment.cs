using Checkpointing.StateHandles;

namespace Checkpointing.CompletedCheckpoints;

/// <summary>Changes of a job's record by somebody who has not taken its epoch, beside a coordinator that goes on:
/// taking
/// checkpoints off the list, and labelling them. Pure.</summary>
/// <remarks>Whoever amends never takes off the newest checkpoint, never adds one, and deletes nothing: the coordinator
/// finds out when its next write is lost, carries the amendment over, and lets go of the files itself. So nothing goes
/// that a pending checkpoint still points into.</remarks>
internal static class RegisterAmendment
{
    /// <summary>What a coordinator writes when it finds its record amended.</summary>
    /// <param name="before">The record that it made its own from.</param>
    /// <param name="present">The record that it found instead, of the same epoch.</param>
    /// <param name="wanted">Its own.</param>
    public static RegisterRecord CarryOver(RegisterRecord before, RegisterRecord present, RegisterRecord wanted)
    {
        var old = before.Retained.Select(static one => one.Path).ToHashSet(StringComparer.Ordinal);
        var kept = present.Retained.Select(static one => one.Path).ToHashSet(StringComparer.Ordinal);
        var takenOff = wanted.Retained.Where(one => old.Contains(one.Path) && !kept.Contains(one.Path)).ToList();
        return wanted with
        {
            Retained = wanted.Retained.Except(takenOff)
                .Select(one => present.Retained.FirstOrDefault(other => other.Path == one.Path) is { } amended
                    ? one with { Tags = amended.Tags } : one).ToValueList(),
            Leaving = wanted.Leaving
                .Concat(takenOff.Where(one => present.Leaving.Any(other => other.Path == one.Path))).ToValueList(),
        };
    }

    /// <summary>Takes checkpoints off a list; what can be read is leaving from then on, until its coordinator, or the
    /// next one, lets go of it.</summary>
    /// <param name="present">The record as it is now.</param>
    /// <param name="paths">Folders of those to take off; the newest of the list stays even if it is among
    /// them, unless it is unreadable.</param>
    /// <param name="unreadable">Folders of those that cannot be read.</param>
    /// <param name="token">Unique to the write.</param>
    /// <returns>Null if nothing would change.</returns>
    public static RegisterRecord? TakeOff(
        RegisterRecord present, IReadOnlySet<string> paths, IReadOnlySet<string> unreadable, Guid token)
    {
        var newest = present.Retained.LastOrDefault(one => !unreadable.Contains(one.Path))?.Path;
        var kept = present.Retained.Where(one => one.Path == newest || !paths.Contains(one.Path)).ToValueList();
        return kept.Count == present.Retained.Count ? null : present with
        {
            Retained = kept,
            Leaving = present.Leaving
                .Concat(present.Retained.Where(one => !kept.Contains(one) && !unreadable.Contains(one.Path)))
                .ToValueList(),
            Token = token,
        };
    }

    /// <summary>Gives a listed checkpoint other labels.</summary>
    /// <param name="present">The record as it is now.</param>
    /// <param name="path">Folder of the checkpoint.</param>
    /// <param name="change">Gives the new labels from the present ones.</param>
    /// <param name="token">Unique to the write.</param>
    /// <returns>Null if nothing would change.</returns>
    public static RegisterRecord? Label(
        RegisterRecord present, string path, Func<ValueList<string>, ValueList<string>> change, Guid token)
    {
        var labelled = present.Retained
            .Select(one => one.Path == path ? one with { Tags = change(one.Tags) } : one).ToValueList();
        return labelled == present.Retained ? null : present with { Retained = labelled, Token = token };
    }
}
