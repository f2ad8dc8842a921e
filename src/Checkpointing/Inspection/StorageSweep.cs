using Checkpointing.CompletedCheckpoints;
using Checkpointing.Storage;

namespace Checkpointing.Inspection;

/// <summary>How to sweep.</summary>
public sealed class SweepOptions
{
    /// <summary>Delete; otherwise only say what would be deleted. Default: false.</summary>
    public bool Apply { get; set; }

    /// <summary>Take the epoch of each job first, also that of jobs which have claimed it. A process that still runs
    /// such
    /// a job is fenced: it can complete no checkpoint any more, and stops. In return all its orphans can be told,
    /// those of
    /// what was the present epoch too. Counts only with <see cref="Apply"/>. Default: false.</summary>
    public bool Fence { get; set; }

    /// <summary>Sweep only this job's folder; null: all. Default: null.</summary>
    public JobId? Job { get; set; }
}

/// <summary>What a sweep found and did.</summary>
/// <param name="Found">What no checkpoint needs.</param>
/// <param name="DeletedFiles">Number of orphans that are gone now.</param>
/// <param name="DeletedBytes">Bytes of them.</param>
/// <param name="TemporaryFiles">Number of temporary files that cut-off writes had left and that are gone now.</param>
/// <param name="Failed">Orphans that could not be deleted, with the reason.</param>
public sealed record SweepReport(
    OrphanReport Found,
    int DeletedFiles,
    long DeletedBytes,
    int TemporaryFiles,
    IReadOnlyList<KeyValuePair<string, string>> Failed);

/// <summary>Deletes what nobody needs: the sweep that a coordinator does of its own folder when it starts, for any
/// folder
/// and at any time.</summary>
/// <remarks>Safe beside running jobs: what the present epoch of a job made is left to its coordinator, and so is what
/// it
/// has taken off its list and not let go yet. Age decides nothing. See <c>docs/tool.md</c>.</remarks>
public static class StorageSweep
{
    private const int Parallelism = 4;
    private const string FenceHolder = "a sweep with the fence";

    /// <summary>Sweeps.</summary>
    /// <param name="storage">The storage. Borrowed.</param>
    /// <param name="options">How.</param>
    /// <param name="register">Where jobs keep their records; null: in their folders.</param>
    /// <param name="progress">Told after each file how many are gone, of how many; null: nobody.</param>
    /// <param name="cancellationToken">Observed between two files; what is deleted by then stays deleted.</param>
    /// <exception cref="CheckpointStorageUnavailableException">The storage cannot be listed.</exception>
    public static async Task<SweepReport> RunAsync(
        ICheckpointStorage storage,
        SweepOptions options,
        ICheckpointRegister? register = null,
        IProgress<(int Done, int Of)>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(options);
        register ??= new StorageCheckpointRegister(storage);
        IReadOnlyCollection<JobId> settled = options is { Apply: true, Fence: true }
            ? await FenceAsync(storage, register, options.Job, cancellationToken).ConfigureAwait(false)
            : [];
        var census = await StorageCensus.TakeAsync(storage, register, null, settled, cancellationToken)
            .ConfigureAwait(false);
        var found = census.FindOrphans(options.Job);
        if (!options.Apply)
        {
            return new(found, 0, 0, 0, []);
        }

        var failed = await DeleteAsync(storage, found.Files, progress, cancellationToken).ConfigureAwait(false);
        var gone = found.Files.Where(file => !failed.ContainsKey(file.Path)).ToList();
        var temporary = 0;
        foreach (var job in census.Jobs.Where(one => options.Job is null || one.Job == options.Job))
        {
            temporary += await storage.SweepTemporaryFilesAsync(job.Job.Name, cancellationToken).ConfigureAwait(false);
        }

        return new(found, gone.Count, gone.Sum(static file => file.Bytes), temporary, [.. failed]);
    }

    /// <summary>Takes the epoch of the jobs before anything is listed: from then on nothing of theirs can
    /// complete.</summary>
    private static async Task<IReadOnlyCollection<JobId>> FenceAsync(
        ICheckpointStorage storage, ICheckpointRegister register, JobId? only, CancellationToken cancellationToken)
    {
        var before = await StorageCensus.TakeAsync(storage, register, null, [], cancellationToken)
            .ConfigureAwait(false);
        var wanted = before.Jobs.Where(job => job.Record is not null && (only is null || job.Job == only))
            .SelectMany(job => before.OwnersOf(job.Job)).ToHashSet();
        var fenced = new List<JobId>();
        foreach (var job in before.Jobs.Where(job => job.Record is not null && wanted.Contains(job.Job)))
        {
            await new StandaloneCompletedCheckpointStore(register, storage, job.Job, IdSource.System, FenceHolder)
                .TakeEpochAsync(cancellationToken).ConfigureAwait(false);
            fenced.Add(job.Job);
        }

        return fenced;
    }

    // Metadata first and on its own: when the rest goes, nobody takes it for a checkpoint any more.
    private static async Task<Dictionary<string, string>> DeleteAsync(
        ICheckpointStorage storage,
        IReadOnlyList<UnneededFile> files,
        IProgress<(int Done, int Of)>? progress,
        CancellationToken cancellationToken)
    {
        var failed = new Dictionary<string, string>();
        var done = 0;
        foreach (var group in files.GroupBy(
            static file => StoragePath.NameOf(file.Path) == CheckpointLayout.MetadataName))
        {
            foreach (var chunk in group.Chunk(Parallelism))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var problems = await Task.WhenAll(chunk.Select(file => TryDeleteAsync(storage, file.Path)))
                    .ConfigureAwait(false);
                foreach (var (path, problem) in problems.Where(static one => one.Problem is not null))
                {
                    failed.Add(path, problem!);
                }

                done += chunk.Length;
                progress?.Report((done, files.Count));
            }
        }

        return failed;
    }

    private static async Task<(string Path, string? Problem)> TryDeleteAsync(ICheckpointStorage storage, string path)
    {
        try
        {
            await storage.DeleteAsync(path, CancellationToken.None).ConfigureAwait(false);
            return (path, null);
        }
        catch (CheckpointingException e)
        {
            return (path, e.Message);
        }
    }
}
