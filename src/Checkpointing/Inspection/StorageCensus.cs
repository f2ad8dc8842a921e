using Checkpointing.CompletedCheckpoints;
using Checkpointing.Storage;

namespace Checkpointing.Inspection;

/// <summary>Everything below a storage's root at one moment: jobs, checkpoints, pins, claims, files, and what each file
/// is there for. Reads only.</summary>
/// <remarks>
/// <para>The files are listed first, then registers and metadata are read. So a file that is found unreachable was so
/// when the registers were read, and a job that goes on meanwhile does no harm: what it adds is not in the
/// listing.</para>
/// <para>Immutable once taken, and safe for concurrent calls.</para>
/// </remarks>
public sealed class StorageCensus
{
    private readonly Lazy<FileIndex> _index;

    internal StorageCensus(
        string description,
        DateTimeOffset takenAt,
        IReadOnlyList<StoredFile> files,
        IReadOnlyList<StoredJob> jobs,
        IReadOnlyList<StoredCheckpoint> checkpoints,
        IReadOnlyList<StoredPin> pins,
        IReadOnlyList<StoredClaim> claims)
    {
        (Description, TakenAt, Files, Jobs, Checkpoints, Pins, Claims) =
            (description, takenAt, files, jobs, checkpoints, pins, claims);
        _index = new(() => new(this));
    }

    /// <summary>The storage, for people.</summary>
    public string Description { get; }

    /// <summary>When it was taken.</summary>
    public DateTimeOffset TakenAt { get; }

    /// <summary>All files, by ordinal order of their paths; temporary ones are left out.</summary>
    public IReadOnlyList<StoredFile> Files { get; }

    /// <summary>All jobs, by ordinal order of their names.</summary>
    public IReadOnlyList<StoredJob> Jobs { get; }

    /// <summary>All checkpoints: those of each job's register first, in its order, then the others by path.</summary>
    public IReadOnlyList<StoredCheckpoint> Checkpoints { get; }

    /// <summary>All pins, stale ones too.</summary>
    public IReadOnlyList<StoredPin> Pins { get; }

    /// <summary>Savepoints and jobs that another job has taken over.</summary>
    public IReadOnlyList<StoredClaim> Claims { get; }

    /// <summary>Takes it.</summary>
    /// <param name="storage">The storage. Borrowed.</param>
    /// <param name="register">Where jobs keep their records; null: in their folders. A job that has none there is
    /// shown without, and nothing of it counts as an orphan.</param>
    /// <param name="time">Gives <see cref="TakenAt"/>; null for the system's.</param>
    /// <param name="cancellationToken">Observed between two files.</param>
    /// <exception cref="CheckpointStorageUnavailableException">The storage cannot be listed.</exception>
    public static Task<StorageCensus> TakeAsync(
        ICheckpointStorage storage,
        ICheckpointRegister? register = null,
        TimeProvider? time = null,
        CancellationToken cancellationToken = default) =>
        TakeAsync(storage, register, time, [], cancellationToken);

    /// <param name="storage">The storage.</param>
    /// <param name="register">The register.</param>
    /// <param name="time">The time.</param>
    /// <param name="settled">Jobs whose epoch the caller has just taken: whatever of them still ran can complete
    /// nothing any more.</param>
    /// <param name="cancellationToken">Observed between two files.</param>
    internal static Task<StorageCensus> TakeAsync(
        ICheckpointStorage storage,
        ICheckpointRegister? register,
        TimeProvider? time,
        IReadOnlyCollection<JobId> settled,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(storage);
        var taking = new CensusTaking(storage, register ?? new StorageCheckpointRegister(storage), settled);
        return taking.RunAsync((time ?? TimeProvider.System).GetUtcNow(), cancellationToken);
    }

    /// <summary>The checkpoint of a folder, or of its <c>_metadata</c>; null if there is none.</summary>
    public StoredCheckpoint? Find(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Checkpoints.FirstOrDefault(one => one.Path == path || one.MetadataPath == path);
    }

    /// <summary>The checkpoints that a job's register lists, in its order: first what the job was told to leave, then
    /// what it may restore, the newest last.</summary>
    public IReadOnlyList<StoredCheckpoint> RetainedOf(JobId job) =>
        [.. Checkpoints.Where(one => one.Status == StoredCheckpointStatus.Retained && one.ListedBy == job)];

    /// <summary>What a file is there for.</summary>
    /// <param name="path">Its path below the root.</param>
    /// <returns>Null if there is no such file and no checkpoint names it.</returns>
    public FileReport? Why(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return _index.Value.Why(path);
    }

    /// <summary>What every file is there for, in the order of <see cref="Files"/>.</summary>
    public IEnumerable<FileReport> WhyAll() => Files.Select(file => _index.Value.Why(file.Path)!);

    /// <summary>What nobody needs any more, and what cannot be told.</summary>
    /// <param name="job">Only the files in this job's folder; null: all.</param>
    public OrphanReport FindOrphans(JobId? job = null)
    {
        var verdicts = Files.Where(file => job is not { } one || StoragePath.IsBelow(file.Path, one.Name))
            .Select(file => (File: file, Verdict: _index.Value.Judge(file.Path))).ToLookup(
                static one => one.Verdict.Standing, one => new UnneededFile(
                    one.File.Path, one.File.LengthBytes, TakenAt - one.File.ModifiedAt, one.Verdict.Why));
        return new(
            [.. CheckpointSweep.InOrder(verdicts[FileStanding.Orphan], static one => one.Path)],
            [.. verdicts[FileStanding.Current]],
            [.. verdicts[FileStanding.Held]],
            [.. verdicts[FileStanding.Unknown]]);
    }

    /// <summary>Counts sizes and sharing.</summary>
    public StorageSizes Measure() => StorageSizes.Of(this);

    /// <summary>The job, and whoever has claimed checkpoints of it, and of those.</summary>
    internal IReadOnlyList<JobId> OwnersOf(JobId job)
    {
        var owners = new List<JobId> { job };
        for (var next = 0; next < owners.Count; next++)
        {
            var claimants = Jobs.FirstOrDefault(one => one.Job == owners[next])?.Record?.Claimants ?? [];
            owners.AddRange(claimants.Select(static name => new JobId(name)).Where(one => !owners.Contains(one)));
        }

        return owners;
    }
}
