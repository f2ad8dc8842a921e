using Checkpointing.CompletedCheckpoints;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.Inspection;

/// <summary>Labels checkpoints that a register lists, for people and for <see cref="ForgetPolicy.KeepTags"/>.</summary>
/// <remarks>It changes the register by compare-and-set, without taking the epoch: a running job goes on, and keeps the
/// labels. A label keeps nothing by itself: the job's own retention does not look at it.</remarks>
public static class CheckpointTagging
{
    private const int MaxTags = 64;
    private const int MaxNearby = 5;

    /// <summary>Adds and removes labels.</summary>
    /// <param name="storage">The storage. Borrowed.</param>
    /// <param name="path">Folder of the checkpoint, or its <c>_metadata</c>.</param>
    /// <param name="add">Labels to add; 1 to 200 characters, no slash.</param>
    /// <param name="remove">Labels to remove; one that is not there is no error.</param>
    /// <param name="register">Where jobs keep their records; null: in their folders.</param>
    /// <param name="cancellationToken">Observed before the register is changed; not after.</param>
    /// <returns>The labels that it has now.</returns>
    /// <exception cref="CheckpointNotFoundException">No register lists the checkpoint; a savepoint, too, is on no
    /// list unless it was claimed.</exception>
    /// <exception cref="ArgumentException">A label is out of range, or there would be more than 64.</exception>
    public static async Task<ValueList<string>> RunAsync(
        ICheckpointStorage storage,
        string path,
        IReadOnlyCollection<string> add,
        IReadOnlyCollection<string> remove,
        ICheckpointRegister? register = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(add);
        ArgumentNullException.ThrowIfNull(remove);
        foreach (var tag in add)
        {
            NameRules.Check(tag, "A tag", nameof(add));
        }

        register ??= new StorageCheckpointRegister(storage);
        var census = await StorageCensus.TakeAsync(storage, register, null, cancellationToken).ConfigureAwait(false);
        if (census.Find(path) is not { ListedBy: { } job, Status: StoredCheckpointStatus.Retained } found)
        {
            throw new CheckpointNotFoundException(
                path, [.. census.Checkpoints.Where(static one => one.Status == StoredCheckpointStatus.Retained)
                    .Select(static one => one.Path).Take(MaxNearby)],
                "Only a checkpoint that a register lists has tags.");
        }

        var record = await new RegisterSession(register, job).UpdateAsync(
            present => present is null ? null
                : RegisterAmendment.Label(present, found.Path, Change, IdSource.System.NewGuid()),
            cancellationToken).ConfigureAwait(false);
        return record?.Retained.FirstOrDefault(one => one.Path == found.Path)?.Tags ?? [];

        ValueList<string> Change(ValueList<string> tags)
        {
            var changed = tags.Except(remove).Union(add).ToValueList();
            return changed.Count <= MaxTags ? changed
                : throw new ArgumentException($"A checkpoint has at most {MaxTags} tags.", nameof(add));
        }
    }
}
