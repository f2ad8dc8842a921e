using Checkpointing.CompletedCheckpoints;
using Checkpointing.Storage;

namespace Checkpointing.Inspection;

/// <summary>Takes completed checkpoints off a job's list.</summary>
/// <remarks>
/// <para>It changes the register by compare-and-set, without taking the epoch, and deletes no state. So it is safe
/// beside
/// a running job: its coordinator finds the change when it next writes, and lets go of the files itself. If none is
/// running, the sweep of the job's next start deletes them, or a <see cref="StorageSweep"/> with the fence.</para>
/// </remarks>
public static class CheckpointForgetting
{
    /// <summary>Decides, and on request does it.</summary>
    /// <param name="storage">The storage. Borrowed.</param>
    /// <param name="job">The job.</param>
    /// <param name="policy">What to keep.</param>
    /// <param name="apply">Whether the list is changed; otherwise it is only said how.</param>
    /// <param name="register">Where jobs keep their records; null: in their folders.</param>
    /// <param name="cancellationToken">Observed before the register is changed; not after.</param>
    /// <returns>A decision for each checkpoint that was listed, oldest first.</returns>
    /// <exception cref="CheckpointNotFoundException">There is no such job here.</exception>
    /// <exception cref="CheckpointCorruptException">The register cannot be read.</exception>
    /// <exception cref="ArgumentException">The policy has no rule, or names what is not there.</exception>
    public static async Task<IReadOnlyList<ForgetDecision>> RunAsync(
        ICheckpointStorage storage,
        JobId job,
        ForgetPolicy policy,
        bool apply,
        ICheckpointRegister? register = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(policy);
        register ??= new StorageCheckpointRegister(storage);
        var census = await StorageCensus.TakeAsync(storage, register, null, cancellationToken).ConfigureAwait(false);
        var found = census.Jobs.FirstOrDefault(one => one.Job == job);
        if (found?.Record is null)
        {
            throw found?.Problem ?? new CheckpointNotFoundException(
                job.Name, [.. census.Jobs.Select(static one => one.Job.Name)],
                    "No job of this name has a register here.");
        }

        var decisions = policy.Decide(census.RetainedOf(job));
        if (apply)
        {
            await TakeOffAsync(storage, register, job, decisions, cancellationToken).ConfigureAwait(false);
        }

        return decisions;
    }

    private static async Task TakeOffAsync(
        ICheckpointStorage storage,
        ICheckpointRegister register,
        JobId job,
        IReadOnlyList<ForgetDecision> decisions,
        CancellationToken cancellationToken)
    {
        var paths = decisions.Where(static one => !one.IsKept).Select(static one => one.Checkpoint.Path).ToHashSet();
        var unreadable = decisions.Where(static one => one.Checkpoint.Problem is not null)
            .Select(static one => one.Checkpoint.Path).ToHashSet();
        await new RegisterSession(register, job).UpdateAsync(
            present => present is null ? null
                : RegisterAmendment.TakeOff(present, paths, unreadable, IdSource.System.NewGuid()),
            cancellationToken).ConfigureAwait(false);
        foreach (var path in unreadable.Where(paths.Contains))
        {
            await QuarantineAsync(storage, job, path).ConfigureAwait(false);
        }
    }

    /// <summary>What cannot be read and is given up forbids no sweep any more; its metadata is put aside for whoever
    /// wants to look at it.</summary>
    private static async Task QuarantineAsync(ICheckpointStorage storage, JobId job, string path)
    {
        var metadata = StoragePath.Combine(path, CheckpointLayout.MetadataName);
        var aside = $"{job.Name}/quarantine/{StoragePath.NameOf(path)}-{IdSource.System.NewGuid():N}";
        try
        {
            await storage.CopyAsync(metadata, aside, CancellationToken.None).ConfigureAwait(false);
            await storage.SyncFoldersAsync([StoragePath.FolderOf(aside)], CancellationToken.None).ConfigureAwait(false);
        }
        catch (StoredFileMissingException)
        {
            // It was unreadable because it is gone.
            return;
        }

        await storage.DeleteAsync(metadata, CancellationToken.None).ConfigureAwait(false);
    }
}
