using Checkpointing.CompletedCheckpoints;
using Checkpointing.Metadata.Paths;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.Testing.Simulation;

/// <summary>Looks at what is stored, past coordinators and tasks, and says which promise does not hold.</summary>
/// <remarks>
/// <para>It remembers what it has seen, so that it can tell a file that was altered, a name or an id that came again,
/// and an epoch that fell. So use one for the whole life of a storage, and look as often as can be afforded.</para>
/// <para>Give it a storage and a register without faults: what cannot be read counts as lost. One caller at a
/// time.</para>
/// </remarks>
public sealed class InvariantChecker
{
    private readonly ICheckpointStorage _storage;
    private readonly ICheckpointRegister _register;
    private readonly JobId[] _jobs;
    private readonly Dictionary<string, ContentDigest> _digests = new(StringComparer.Ordinal);
    private readonly Dictionary<JobId, RegisterRecord> _records = [];
    private readonly Dictionary<(JobId Job, long Id), string> _completed = [];
    private readonly Dictionary<JobId, long> _newestReported = [];

    /// <summary>Checks one job, or several that start from each other's checkpoints.</summary>
    /// <param name="storage">Where the checkpoints are; borrowed.</param>
    /// <param name="register">Where the records are; borrowed.</param>
    /// <param name="jobs">At least one.</param>
    public InvariantChecker(ICheckpointStorage storage, ICheckpointRegister register, params JobId[] jobs)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(register);
        ArgumentNullException.ThrowIfNull(jobs);
        ArgumentOutOfRangeException.ThrowIfZero(jobs.Length, nameof(jobs));
        (_storage, _register, _jobs) = (storage, register, jobs);
    }

    /// <summary>Remembers that a checkpoint was reported as completed: from now on the job's list has to hold it, or a
    /// newer one.</summary>
    public void ReportCompleted(CompletedCheckpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        if (checkpoint.Properties.Kind != CheckpointKind.Savepoint)
        {
            _newestReported[checkpoint.Job] =
                Math.Max(_newestReported.GetValueOrDefault(checkpoint.Job), checkpoint.Id.Value);
        }
    }

    /// <summary>The job ends and drops its checkpoints: from now on nothing is expected in its list.</summary>
    public void ReportDropped(JobId job) => _newestReported.Remove(job);

    /// <summary>Everything that does not hold now; empty if all is well.</summary>
    /// <param name="cancellationToken">Passed on.</param>
    public async Task<IReadOnlyList<InvariantBreach>> FindBreachesAsync(CancellationToken cancellationToken = default)
    {
        var breaches = new List<InvariantBreach>();
        foreach (var job in _jobs)
        {
            var entry = await _register.ReadAsync(job, cancellationToken).ConfigureAwait(false);
            if (entry is null)
            {
                if (_records.ContainsKey(job))
                {
                    breaches.Add(new("I4", $"The register of '{job}' is gone."));
                }

                continue;
            }

            var record = RegisterRecordSerializer.Read(entry.Record, $"register of '{job}'");
            CheckRecord(record, breaches);
            foreach (var retained in record.Retained)
            {
                await CheckCheckpointAsync(record.Job, retained, breaches, cancellationToken).ConfigureAwait(false);
            }

            _records[job] = record;
        }

        return breaches;
    }

    /// <summary>As <see cref="FindBreachesAsync"/>, but throws if there is any.</summary>
    /// <exception cref="ConformanceException">A promise does not hold; the message lists all that do not.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken = default)
    {
        var breaches = await FindBreachesAsync(cancellationToken).ConfigureAwait(false);
        if (breaches.Count > 0)
        {
            throw new ConformanceException(string.Join(Environment.NewLine, breaches));
        }
    }

    /// <summary>Files in the jobs' folders that nothing reaches (I2). They are orphans only at a time when nothing runs
    /// and the newest epoch has recovered and ended: a running job may have files that it has not named yet.</summary>
    /// <returns>In ordinal order.</returns>
    public async Task<IReadOnlyList<string>> FindOrphansAsync(CancellationToken cancellationToken = default)
    {
        var reachable = new HashSet<string>(StringComparer.Ordinal);
        var retainedFolders = new HashSet<string>(StringComparer.Ordinal);
        var records = new List<RegisterRecord>();
        foreach (var job in _jobs)
        {
            if (await _register.ReadAsync(job, cancellationToken).ConfigureAwait(false) is { } entry)
            {
                records.Add(RegisterRecordSerializer.Read(entry.Record, $"register of '{job}'"));
            }
        }

        foreach (var record in records)
        {
            // What was handed over is the claimant's, who lists it as soon as the claim is through.
            var handedOver = records.Any(record.IsHandingOverTo)
                ? record.HandedOver.Concat(record.HandedOverLeaving) : [];
            var pinned = record.Pins.Select(static pin => StoragePath.FolderOf(StoragePath.FolderOf(pin)));
            reachable.UnionWith(record.Pins);
            retainedFolders.UnionWith(record.Retained.Select(static r => r.Path));
            var needed = record.Retained.Concat(record.Leaving).Concat(handedOver);
            foreach (var folder in needed.Select(static r => r.Path).Concat(pinned))
            {
                reachable.UnionWith(await FilesOfAsync(folder, cancellationToken).ConfigureAwait(false));
            }
        }

        var orphans = new List<string>();
        foreach (var job in _jobs)
        {
            await foreach (var file in _storage.ListAsync(job.Name, cancellationToken).ConfigureAwait(false))
            {
                // A pin that its holder let go of stays with its checkpoint, and goes with it.
                var folder = StoragePath.FolderOf(file.Path);
                var isPin = StoragePath.NameOf(folder) == "pins"
                    && retainedFolders.Contains(StoragePath.FolderOf(folder));
                if (!reachable.Contains(file.Path) && !isPin
                    && !StoragePath.IsBelow(file.Path, CheckpointLayout.RegisterFolder(job))
                    && !StoragePath.IsBelow(file.Path, CheckpointLayout.StatisticsFolder(job)))
                {
                    orphans.Add(file.Path);
                }
            }
        }

        orphans.Sort(StringComparer.Ordinal);
        return orphans;
    }

    private void CheckRecord(RegisterRecord record, List<InvariantBreach> breaches)
    {
        var job = record.Job;
        if (_records.TryGetValue(job, out var before))
        {
            if (record.Epoch < before.Epoch)
            {
                breaches.Add(new("I5", $"The epoch of '{job}' fell from {before.Epoch} to {record.Epoch}."));
            }

            if (record.Epoch == before.Epoch && record.Holder != before.Holder)
            {
                breaches.Add(new(
                    "I5", $"Epoch {record.Epoch} of '{job}' has two holders: {before.Holder}, {record.Holder}."));
            }

            if (record.NextId < before.NextId)
            {
                breaches.Add(new("I6", $"The next id of '{job}' fell from {before.NextId} to {record.NextId}."));
            }
        }

        var newest = record.Retained.Concat(record.HandedOver).Select(static r => r.Id.Value).DefaultIfEmpty().Max();
        if (_newestReported.TryGetValue(job, out var reported) && newest < reported && record.ClaimedBy is null)
        {
            breaches.Add(new("I4", $"Checkpoint {reported} of '{job}' was reported, but the newest is {newest}."));
        }

        // What was claimed keeps its ids, and stands where the claim has put it.
        for (var i = 1; i < record.Retained.Count && record.Claims.Count == 0; i++)
        {
            if (record.Retained[i].Id < record.Retained[i - 1].Id)
            {
                breaches.Add(new("I6", $"The list of '{job}' does not ascend at {record.Retained[i].Id}."));
            }
        }
    }

    private async Task CheckCheckpointAsync(
        JobId job, RetainedCheckpoint retained, List<InvariantBreach> breaches, CancellationToken cancellationToken)
    {
        var path = StoragePath.Combine(retained.Path, CheckpointLayout.MetadataName);
        CompletedCheckpoint checkpoint;
        try
        {
            var bytes = await _storage.ReadAllAsync(path, int.MaxValue, cancellationToken).ConfigureAwait(false);
            if (bytes.Length != retained.MetadataBytes || ContentDigest.Of(bytes) != retained.MetadataDigest)
            {
                breaches.Add(new("I1", $"'{path}' is not what the register of '{job}' says."));
                return;
            }

            checkpoint = await CheckpointLoader.LoadAsync(_storage, retained.Path, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (CheckpointingException e)
        {
            breaches.Add(new("I1", $"Checkpoint {retained.Id} of '{job}' cannot be read: {e.Message}"));
            return;
        }

        var key = (checkpoint.Job, retained.Id.Value);
        if (!_completed.TryAdd(key, retained.Path) && _completed[key] != retained.Path)
        {
            breaches.Add(new("I6", $"Id {retained.Id} of '{checkpoint.Job}' names two checkpoints."));
        }

        foreach (var stream in MetadataPaths.Streams(checkpoint.Metadata).Select(static s => s.Stream)
            .OfType<FileStateHandle>())
        {
            await CheckFileAsync(retained, stream, breaches, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task CheckFileAsync(
        RetainedCheckpoint retained, FileStateHandle file, List<InvariantBreach> breaches,
        CancellationToken cancellationToken)
    {
        byte[] bytes;
        try
        {
            bytes = await _storage.ReadAllAsync(file.Path, int.MaxValue, cancellationToken).ConfigureAwait(false);
        }
        catch (CheckpointingException e)
        {
            breaches.Add(new("I1", $"Checkpoint {retained.Id} needs '{file.Path}': {e.Message}"));
            return;
        }

        var digest = ContentDigest.Of(bytes);
        if (bytes.Length != file.FileSizeBytes || (file.Digest is { } expected && digest != expected))
        {
            breaches.Add(new("I3", $"'{file.Path}' is not what checkpoint {retained.Id} stored."));
        }

        if (!_digests.TryAdd(file.Path, digest) && _digests[file.Path] != digest)
        {
            breaches.Add(new("I6", $"'{file.Path}' has had other bytes before."));
        }
    }

    private async Task<IEnumerable<string>> FilesOfAsync(string folder, CancellationToken cancellationToken)
    {
        try
        {
            var checkpoint = await CheckpointLoader.LoadAsync(_storage, folder, cancellationToken)
                .ConfigureAwait(false);
            return MetadataPaths.Of(checkpoint.Metadata).Select(static place => place.Path)
                .Append(checkpoint.MetadataPath);
        }
        catch (CheckpointingException)
        {
            // A checkpoint that is not there reaches nothing; FindBreachesAsync says whether it should be.
            return [];
        }
    }
}
