namespace Checkpointing.Inspection;

/// <summary>Sizes and sharing of all that is stored.</summary>
/// <param name="Jobs">One entry a job that has checkpoints, by name.</param>
/// <param name="Files">Number of files.</param>
/// <param name="Bytes">Bytes of them.</param>
/// <param name="OrphanFiles">Number of orphans.</param>
/// <param name="OrphanBytes">Bytes of them.</param>
public sealed record StorageSizes(
    IReadOnlyList<JobSizes> Jobs, int Files, long Bytes, int OrphanFiles, long OrphanBytes)
{
    internal static StorageSizes Of(StorageCensus census)
    {
        var orphans = census.FindOrphans();
        return new(
            [
                .. census.Jobs.Select(job => JobSizes.Of(job.Job, census.RetainedOf(job.Job)))
                    .Where(static one => one.Checkpoints.Count > 0),
            ],
            census.Files.Count,
            census.Files.Sum(static file => file.LengthBytes),
            orphans.Files.Count,
            orphans.Bytes);
    }
}

/// <summary>Sizes and sharing of the checkpoints that a job's register lists.</summary>
/// <param name="Job">The job.</param>
/// <param name="Checkpoints">Oldest first; those whose metadata cannot be read are left out.</param>
/// <param name="LogicalBytes">Bytes of all checkpoints, each counted in full.</param>
/// <param name="StoredBytes">Bytes of their files, each file counted once.</param>
/// <param name="Files">Number of their files.</param>
/// <param name="SharedFiles">Number of those that more than one of the checkpoints needs.</param>
/// <param name="Sharing">What two checkpoints have in common, for each pair that has something.</param>
public sealed record JobSizes(
    JobId Job,
    IReadOnlyList<CheckpointSizes> Checkpoints,
    long LogicalBytes,
    long StoredBytes,
    int Files,
    int SharedFiles,
    IReadOnlyList<CheckpointSharing> Sharing)
{
    /// <summary>How often each stored byte counts: 1 where nothing is shared.</summary>
    public double DeduplicationRatio => StoredBytes == 0 ? 1 : (double)LogicalBytes / StoredBytes;

    internal static JobSizes Of(JobId job, IReadOnlyList<StoredCheckpoint> retained)
    {
        var readable = retained.Where(static one => one.Problem is null).ToList();
        var users = readable.SelectMany(static one => one.Files).GroupBy(static file => file.Path)
            .ToDictionary(static group => group.Key, static group => (group.First().Bytes, Count: group.Count()));
        var checkpoints = readable.Select((one, index) => CheckpointSizes.Of(
            one, index == 0 ? null : readable[index - 1], path => users[path].Count)).ToList();
        return new(
            job,
            checkpoints,
            checkpoints.Sum(static one => one.Bytes),
            users.Values.Sum(static file => file.Bytes),
            users.Count,
            users.Values.Count(static file => file.Count > 1),
            CheckpointSharing.Of(readable));
    }
}

/// <summary>Sizes of one checkpoint.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Path">Its folder.</param>
/// <param name="Bytes">Bytes behind all its files, metadata included.</param>
/// <param name="NewBytes">Bytes stored for it.</param>
/// <param name="Files">Number of its files.</param>
/// <param name="OwnBytes">Bytes that no other retained checkpoint of the job needs: what forgetting it would set
/// free.</param>
/// <param name="CommonBytes">Bytes of files that the checkpoint before it in the list needs too; 0 for the
/// first.</param>
public sealed record CheckpointSizes(
    CheckpointId Id, string Path, long Bytes, long NewBytes, int Files, long OwnBytes, long CommonBytes)
{
    /// <summary>Bytes used from earlier checkpoints, which need not be retained any more.</summary>
    public long ReusedBytes => Math.Max(0, Bytes - NewBytes);

    internal static CheckpointSizes Of(
        StoredCheckpoint checkpoint, StoredCheckpoint? before, Func<string, int> countUsers)
    {
        var earlier = before?.Files.Select(static file => file.Path).ToHashSet(StringComparer.Ordinal) ?? [];
        return new(
            checkpoint.Id ?? CheckpointId.None,
            checkpoint.Path,
            checkpoint.Bytes,
            checkpoint.NewBytes,
            checkpoint.Files.Count,
            checkpoint.Files.Where(file => countUsers(file.Path) == 1).Sum(static file => file.Bytes),
            checkpoint.Files.Where(file => earlier.Contains(file.Path)).Sum(static file => file.Bytes));
    }
}

/// <summary>What two checkpoints of a job have in common.</summary>
/// <param name="First">The one that is earlier in the list.</param>
/// <param name="Second">The other.</param>
/// <param name="Files">Number of files that both need.</param>
/// <param name="Bytes">Bytes of them.</param>
public sealed record CheckpointSharing(CheckpointId First, CheckpointId Second, int Files, long Bytes)
{
    internal static IReadOnlyList<CheckpointSharing> Of(IReadOnlyList<StoredCheckpoint> checkpoints)
    {
        var paths = checkpoints.Select(static one =>
            one.Files.Select(static file => file.Path).ToHashSet(StringComparer.Ordinal)).ToList();
        var found = new List<CheckpointSharing>();
        for (var second = 1; second < checkpoints.Count; second++)
        {
            for (var first = 0; first < second; first++)
            {
                var common = checkpoints[second].Files.Where(file => paths[first].Contains(file.Path)).ToList();
                if (common.Count > 0)
                {
                    found.Add(new(
                        checkpoints[first].Id ?? CheckpointId.None, checkpoints[second].Id ?? CheckpointId.None,
                        common.Count, common.Sum(static file => file.Bytes)));
                }
            }
        }

        return found;
    }
}
