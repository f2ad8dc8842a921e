using System.Text;
using Checkpointing.Metadata.Paths;
using Checkpointing.Storage;

namespace Checkpointing.CompletedCheckpoints;

/// <summary>Folders in which a job may delete: its own, those of the jobs that it has claimed, and those of the
/// savepoints that it, or one of them, has claimed.</summary>
/// <remarks>What metadata names is not believed: a savepoint from elsewhere may name any job's files. Registers and
/// markers are written by coordinators alone, so they say whose a folder is.</remarks>
internal sealed class OwnedFolders
{
    private const string MarkerName = "claimed-by";
    private const long MaxMarkerBytes = 4096;

    private readonly HashSet<string> _jobs;
    private readonly HashSet<string> _savepoints;

    private OwnedFolders(HashSet<string> jobs, HashSet<string> savepoints) =>
        (_jobs, _savepoints) = (jobs, savepoints);

    /// <summary>Path of the marker that says who has claimed a savepoint.</summary>
    public static string MarkerOf(string savepoint) => StoragePath.Combine(savepoint, MarkerName);

    /// <summary>Reads who has claimed a savepoint; null if nobody has.</summary>
    public static async ValueTask<string?> ReadMarkerAsync(
        ICheckpointStorage storage, string savepoint, CancellationToken cancellationToken)
    {
        try
        {
            var marker = await storage.ReadAllAsync(MarkerOf(savepoint), MaxMarkerBytes, cancellationToken)
                .ConfigureAwait(false);
            return Encoding.UTF8.GetString(marker);
        }
        catch (StoredFileMissingException)
        {
            return null;
        }
    }

    /// <summary>The folders of a job, as far as these checkpoints name files in them.</summary>
    public static async ValueTask<OwnedFolders> FindAsync(
        ICheckpointStorage storage,
        RegisterRecord record,
        IEnumerable<CompletedCheckpoint> checkpoints,
        CancellationToken cancellationToken)
    {
        var jobs = record.Claims.Append(record.Job.Name).ToHashSet();
        var savepoints = record.Retained.Where(static one => one.Kind == CheckpointKind.Savepoint)
            .Select(static one => one.Path).ToHashSet();
        var asked = new HashSet<string>(savepoints);
        foreach (var path in checkpoints.SelectMany(CheckpointReference.AllFiles))
        {
            // A claimed savepoint that has left the list: later checkpoints may still use files of it.
            for (var folder = jobs.Contains(FirstPartOf(path)) ? "" : StoragePath.FolderOf(path);
                folder.Length > 0 && asked.Add(folder); folder = StoragePath.FolderOf(folder))
            {
                if (await IsClaimedByAsync(storage, folder, jobs, cancellationToken).ConfigureAwait(false))
                {
                    savepoints.Add(folder);
                }
            }
        }

        return new(jobs, savepoints);
    }

    /// <summary>These folders and those.</summary>
    public OwnedFolders With(OwnedFolders other) =>
        new([.. _jobs, .. other._jobs], [.. _savepoints, .. other._savepoints]);

    /// <summary>Whether a shared file that nobody needs may be deleted.</summary>
    public bool OwnsShared(string path) =>
        _jobs.Any(job => StoragePath.IsBelow(path, CheckpointLayout.SharedFolder(job))) || IsInSavepoint(path);

    /// <summary>Makes sure that all files of a checkpoint that is about to be claimed lie in these folders.</summary>
    /// <exception cref="ForeignPathException">One does not.</exception>
    public void CheckAll(CompletedCheckpoint checkpoint) =>
        CheckAll(checkpoint, path => _jobs.Contains(FirstPartOf(path)) || IsInSavepoint(path));

    /// <summary>Makes sure that a savepoint which is about to be claimed is self-contained, in a folder of its
    /// own.</summary>
    /// <param name="checkpoint">The savepoint.</param>
    /// <param name="isJob">Whether there is a job of this name.</param>
    /// <exception cref="ForeignPathException">It is not.</exception>
    public static async ValueTask CheckSavepointAsync(
        CompletedCheckpoint checkpoint, Func<string, ValueTask<bool>> isJob)
    {
        var folder = checkpoint.Path;
        if (folder.Length == 0 || (!folder.Contains('/') && await isJob(folder).ConfigureAwait(false)))
        {
            throw new ForeignPathException(
                checkpoint.MetadataPath,
                "lies beside other checkpoints",
                "Only a savepoint in a folder of its own can be claimed: move it into one.");
        }

        CheckAll(checkpoint, path => StoragePath.IsBelow(path, folder));
    }

    private static void CheckAll(CompletedCheckpoint checkpoint, Func<string, bool> isInside)
    {
        foreach (var named in MetadataPaths.Of(checkpoint.Metadata))
        {
            if (!isInside(named.Path))
            {
                throw new ForeignPath(named.Place, named.Path, ForeignPathReason.OutsideRoot)
                    .ToException(checkpoint.MetadataPath);
            }
        }
    }

    private static async ValueTask<bool> IsClaimedByAsync(
        ICheckpointStorage storage, string folder, HashSet<string> jobs, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadMarkerAsync(storage, folder, cancellationToken).ConfigureAwait(false) is { } holder
                && jobs.Contains(holder);
        }
        catch (CheckpointingException)
        {
            // In doubt it is not ours: a file that stays harms nobody.
            return false;
        }
    }

    private static string FirstPartOf(string path) => path[..Math.Max(0, path.IndexOf('/'))];

    private bool IsInSavepoint(string path) => _savepoints.Any(folder => StoragePath.IsBelow(path, folder));
}
