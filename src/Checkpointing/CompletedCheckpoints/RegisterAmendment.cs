using Checkpointing.StateHandles;

namespace Checkpointing.CompletedCheckpoints;

/// <summary>Changes of a job's record by somebody who has not taken its epoch, beside a coordinator that goes on:
/// taking checkpoints off the list, labelling them, and refusing claims that come too late. Pure.</summary>
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
        return (wanted with
        {
            Retained = wanted.Retained.Except(takenOff)
                .Select(one => present.Retained.FirstOrDefault(other => other.Path == one.Path) is { } amended
                    ? one with { Tags = amended.Tags } : one).ToValueList(),
            Leaving = wanted.Leaving
                .Concat(takenOff.Where(one => present.Leaving.Any(other => other.Path == one.Path))).ToValueList(),
        }).With(present.ClaimFences);
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

    /// <summary>Refuses claims that older epochs of a claimant were about to make. Always another record, so that a
    /// write which is still under way is made from one that is no more.</summary>
    /// <param name="present">The record of the job that was to be claimed, as it is now.</param>
    /// <param name="claimant">The claimant's own, of its present epoch.</param>
    /// <param name="token">Unique to the write.</param>
    public static RegisterRecord Fence(RegisterRecord present, RegisterRecord claimant, Guid token) =>
        present.With(new ClaimFence(claimant.Job.Name, claimant.Epoch)) with { Token = token };

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
