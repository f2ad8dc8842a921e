using Checkpointing.Storage;

namespace Checkpointing.CompletedCheckpoints;

/// <summary>Finds orphans of older epochs in a job's folder.</summary>
/// <remarks>A file goes if and only if nothing durable reaches it <em>and</em> an older epoch made it. Files of the
/// present epoch
/// belong to the living coordinator. Age is never proof. Callers list the files first and read register and metadata
/// then: what is listed and unreachable at that later time can never become reachable, because an older epoch cannot
/// commit and names never repeat. Statistics are no orphans: nothing needs them, and whoever writes them keeps their
/// number bounded.</remarks>
internal static class CheckpointSweep
{
    /// <summary>The orphans among <paramref name="files"/>, metadata first. Pure.</summary>
    /// <param name="job">The job whose folder was listed.</param>
    /// <param name="files">Paths found there.</param>
    /// <param name="record">The job's record, read after the listing.</param>
    /// <param name="reachable">Paths of all files that retained, pinned and claimed checkpoints need.</param>
    public static IReadOnlyList<string> FindOrphans(
        JobId job, IEnumerable<string> files, RegisterRecord record, IReadOnlySet<string> reachable)
    {
        return
        [
            .. InOrder(
                files.Where(file =>
                    !reachable.Contains(file) && IsOurs(job, file) && IsOfOlderEpoch(file, record)),
                static file => file),
        ];
    }

    /// <summary>Whether a file lies where a job's files lie and has a name of ours: nothing else is swept. A savepoint
    /// may have been put into a job's folder, and it is its user's.</summary>
    public static bool IsOurs(JobId job, string file)
    {
        var folder = StoragePath.FolderOf(file);
        if (StoragePath.IsBelow(file, CheckpointLayout.SharedFolder(job)))
        {
            return CheckpointLayout.TryGetEpoch(file, out _);
        }

        return CheckpointLayout.TryGetCheckpointId(folder, out _) && StoragePath.FolderOf(folder) == job.Name
            && (StoragePath.NameOf(file) == CheckpointLayout.MetadataName || CheckpointLayout.TryGetEpoch(file, out _));
    }

    /// <summary>The order in which files may be deleted: metadata first, since without it nobody takes the rest for a
    /// checkpoint.</summary>
    public static IEnumerable<T> InOrder<T>(IEnumerable<T> files, Func<T, string> pathOf) => files
        .OrderBy(file => StoragePath.NameOf(pathOf(file)) == CheckpointLayout.MetadataName ? 0 : 1)
        .ThenBy(pathOf, StringComparer.Ordinal);

    private static bool IsOfOlderEpoch(string file, RegisterRecord record)
    {
        if (CheckpointLayout.TryGetEpoch(file, out var epoch))
        {
            return epoch < record.Epoch;
        }

        // A metadata file carries no epoch, but its folder carries an id, and ids are reserved by epochs.
        return StoragePath.NameOf(file) == CheckpointLayout.MetadataName
            && CheckpointLayout.TryGetCheckpointId(StoragePath.FolderOf(file), out var id)
            && id.Value < record.FirstIdOfEpoch;
    }
}
