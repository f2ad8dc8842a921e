using Checkpointing.CompletedCheckpoints;
using Checkpointing.Metadata;
using Checkpointing.Metadata.Paths;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.Inspection;

/// <summary>Takes one <see cref="StorageCensus"/>.</summary>
internal sealed class CensusTaking(
    ICheckpointStorage storage, ICheckpointRegister register, IReadOnlyCollection<JobId> settled)
{
    // A job that goes on may drop a checkpoint between the reading of its register and that of the checkpoint.
    private const int MaxRounds = 16;
    private const long MaxMetadataBytes = 1L << 30;

    private readonly List<StoredFile> _files = [];
    private readonly SortedDictionary<string, StoredJob> _jobs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StoredCheckpoint> _listed = new(StringComparer.Ordinal);

    internal async Task<StorageCensus> RunAsync(
        DateTimeOffset takenAt, CancellationToken cancellationToken)
    {
        await foreach (var file in storage.ListAsync("", cancellationToken).ConfigureAwait(false))
        {
            _files.Add(file);
        }

        _files.Sort(static (left, right) => string.CompareOrdinal(left.Path, right.Path));
        var pins = await ReadPinsAsync(cancellationToken).ConfigureAwait(false);
        var waiting = new Queue<JobId>(FindJobs());
        while (waiting.TryDequeue(out var job))
        {
            if (!_jobs.ContainsKey(job.Name))
            {
                await ReadJobAsync(job, cancellationToken).ConfigureAwait(false);
                RelativesOf(_jobs[job.Name].Record).ForEach(waiting.Enqueue);
            }
        }

        await ReadClaimantsAsync(cancellationToken).ConfigureAwait(false);
        var others = await ReadOthersAsync(pins, cancellationToken).ConfigureAwait(false);
        var claims = await ReadClaimsAsync(cancellationToken).ConfigureAwait(false);
        return new(
            storage.Description, takenAt, _files, [.. _jobs.Values], [.. InOrder(), .. others], pins, claims);
    }

    /// <summary>Folders that look like a job's.</summary>
    private List<JobId> FindJobs()
    {
        var found = new List<JobId>();
        foreach (var path in _files.Select(static file => file.Path))
        {
            var parts = path.Split('/', 3);
            if (parts.Length == 3 && found.LastOrDefault() != TryMakeJob(parts[0]) && TryMakeJob(parts[0]) is { } job
                && (parts[1] is "register" or "shared" || CheckpointLayout.TryGetCheckpointId(parts[1], out _)))
            {
                found.Add(job);
            }
        }

        return found;
    }

    private static List<JobId> RelativesOf(RegisterRecord? record) => record is null ? [] :
    [
        .. record.Claims.Concat(record.Claimants).Append(record.PendingClaim).OfType<string>()
            .Select(TryMakeJob).OfType<JobId>(),
    ];

    private static JobId? TryMakeJob(string name)
    {
        try
        {
            return new JobId(name);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Reads a register and every checkpoint that it lists, until the two agree.</summary>
    private async Task ReadJobAsync(JobId job, CancellationToken cancellationToken)
    {
        for (var round = 0; ; round++)
        {
            RegisterRecord? record;
            try
            {
                record = await new RegisterSession(register, job).ReadAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (CheckpointingException e) when (e is CheckpointCorruptException or UnsupportedFormatException)
            {
                _jobs[job.Name] = new(job, null, e);
                return;
            }

            var isLast = round == MaxRounds || _jobs.GetValueOrDefault(job.Name)?.Record?.Token == record?.Token;
            _jobs[job.Name] = new(job, record, null);
            if (record is null || (await ReadListedAsync(record, cancellationToken).ConfigureAwait(false) || isLast))
            {
                return;
            }
        }
    }

    /// <returns>False if a checkpoint of the list is not there: the list may have changed meanwhile.</returns>
    private async Task<bool> ReadListedAsync(RegisterRecord record, CancellationToken cancellationToken)
    {
        foreach (var stale in _listed.Values.Where(one => one.ListedBy == record.Job
            && (one.Status != StoredCheckpointStatus.Retained
                || !record.Retained.Any(retained => retained.Path == one.Path))).ToList())
        {
            _listed.Remove(stale.Path);
        }

        await ReadLeavingAsync(record.Job, record.Leaving, StoredCheckpointStatus.Leaving, cancellationToken)
            .ConfigureAwait(false);
        var isThere = true;
        foreach (var retained in record.Retained)
        {
            if (_listed.GetValueOrDefault(retained.Path) is not { Problem: null } known
                || !retained.Tags.All(tag => known.Tags.Contains(tag)))
            {
                var checkpoint = await ReadRetainedAsync(retained, cancellationToken).ConfigureAwait(false);
                _listed[retained.Path] = checkpoint with { ListedBy = record.Job };
                isThere &= checkpoint.Problem is not StoredFileMissingException;
            }
        }

        return isThere;
    }

    /// <summary>What may still be pointed into, unless whoever might is fenced.</summary>
    private async Task ReadLeavingAsync(
        JobId job,
        IEnumerable<RetainedCheckpoint> leaving,
        StoredCheckpointStatus status,
        CancellationToken cancellationToken)
    {
        foreach (var one in leaving.Where(one => !settled.Contains(job) && !_listed.ContainsKey(one.Path)))
        {
            var checkpoint = await ReadRetainedAsync(one, cancellationToken).ConfigureAwait(false);
            if (checkpoint.Problem is not StoredFileMissingException)
            {
                _listed[one.Path] = checkpoint with { Status = status, ListedBy = job };
            }
        }
    }

    private async Task<StoredCheckpoint> ReadRetainedAsync(
        RetainedCheckpoint retained, CancellationToken cancellationToken)
    {
        var found = new StoredCheckpoint(retained.Path, StoredCheckpointStatus.Retained)
        {
            Id = retained.Id, Kind = retained.Kind, MetadataBytes = retained.MetadataBytes, Tags = retained.Tags,
        };
        try
        {
            return Fill(found, (await CheckpointLoader.LoadRetainedAsync(storage, retained, cancellationToken)
                .ConfigureAwait(false)).Metadata);
        }
        catch (CheckpointingException e)
        {
            return found with { Problem = e };
        }
    }

    private static StoredCheckpoint Fill(StoredCheckpoint found, CheckpointMetadata metadata) => found with
    {
        Metadata = metadata,
        Job = metadata.Info?.Job,
        Id = metadata.CheckpointId,
        Kind = metadata.Info?.Properties.Kind,
        Tags = found.Tags.Concat(metadata.Info?.Tags.Select(static tag => tag.Name) ?? []).Distinct().ToValueList(),
        Files =
        [
            .. CheckpointFile.Of(metadata, found.Path).Prepend(new(
                found.MetadataPath, found.MetadataBytes, null, CheckpointFileScope.Metadata, null, null, null))
                .DistinctBy(static file => file.Path, StringComparer.Ordinal),
        ],
    };

    /// <summary>A job that is claimed while the census runs: its claimant is read again, after it.</summary>
    private async Task ReadClaimantsAsync(CancellationToken cancellationToken)
    {
        foreach (var job in _jobs.Values.Where(static one => one.Record?.ClaimedBy is not null).ToList())
        {
            var record = job.Record!;
            if (TryMakeJob(record.ClaimedBy!) is not { } claimant)
            {
                continue;
            }

            // An earlier claim says nothing about this one: it may have been read before this one began.
            if (record.ClaimId is not null
                || _jobs.GetValueOrDefault(claimant.Name)?.Record?.Claims.Contains(record.Job.Name) != true)
            {
                await ReadJobAsync(claimant, cancellationToken).ConfigureAwait(false);
            }

            if (_jobs[claimant.Name].Record is { } theirs && theirs.Claims.Contains(record.Job.Name)
                && !record.IsHandingOverTo(theirs))
            {
                continue;
            }

            // Handed over and not yet taken up: it may still be.
            foreach (var retained in record.HandedOver.Where(one => !_listed.ContainsKey(one.Path)))
            {
                _listed[retained.Path] =
                    await ReadRetainedAsync(retained, cancellationToken).ConfigureAwait(false) with
                    {
                        Status = StoredCheckpointStatus.HandedOver, ListedBy = claimant,
                    };
            }

            await ReadLeavingAsync(
                claimant, record.HandedOverLeaving, StoredCheckpointStatus.HandedOver, cancellationToken)
                .ConfigureAwait(false);
        }
    }

    private async Task<List<StoredPin>> ReadPinsAsync(CancellationToken cancellationToken)
    {
        var pins = new List<StoredPin>();
        foreach (var path in _files.Select(static file => file.Path).Where(CheckpointPins.IsPin))
        {
            try
            {
                var holder = await CheckpointPins.ReadHolderAsync(storage, path, cancellationToken)
                    .ConfigureAwait(false);
                var isStale = TryMakeJob(holder) is { } job && await IsStaleAsync(path, job, cancellationToken)
                    .ConfigureAwait(false);
                pins.Add(new(path, CheckpointPins.CheckpointOf(path), holder, isStale));
            }
            catch (StoredFileMissingException)
            {
                // Gone meanwhile.
            }
            catch (CheckpointingException)
            {
                // In doubt the pin holds.
                pins.Add(new(path, CheckpointPins.CheckpointOf(path), null, IsStale: false));
            }
        }

        return pins;
    }

    private async Task<bool> IsStaleAsync(string pin, JobId holder, CancellationToken cancellationToken)
    {
        // The holder names the pin before it writes it, so its record is read now and not before.
        var record = await new RegisterSession(register, holder).ReadAsync(cancellationToken).ConfigureAwait(false);
        return record is null || !record.Pins.Contains(pin);
    }

    /// <summary>Metadata that no register lists.</summary>
    private async Task<List<StoredCheckpoint>> ReadOthersAsync(
        List<StoredPin> pins, CancellationToken cancellationToken)
    {
        var pinned = pins.Where(static pin => !pin.IsStale).Select(static pin => pin.Checkpoint).ToHashSet();
        var others = new List<StoredCheckpoint>();
        foreach (var file in _files.Where(static one => StoragePath.NameOf(one.Path) == CheckpointLayout.MetadataName))
        {
            var folder = StoragePath.FolderOf(file.Path);
            if (_listed.ContainsKey(folder))
            {
                continue;
            }

            var found = new StoredCheckpoint(
                folder, pinned.Contains(folder) ? StoredCheckpointStatus.Pinned : StoredCheckpointStatus.Unlisted)
            {
                MetadataBytes = file.LengthBytes,
            };
            if (await ReadOtherAsync(found, cancellationToken).ConfigureAwait(false) is { } other)
            {
                others.Add(other);
            }
        }

        return others;
    }

    private async Task<StoredCheckpoint?> ReadOtherAsync(StoredCheckpoint found, CancellationToken cancellationToken)
    {
        try
        {
            var bytes = await storage.ReadAllAsync(found.MetadataPath, MaxMetadataBytes, cancellationToken)
                .ConfigureAwait(false);
            var metadata = CheckpointMetadataSerializer.Read(bytes, found.MetadataPath);
            var status = metadata.Info is null ? StoredCheckpointStatus.Flink
                : found.Status == StoredCheckpointStatus.Unlisted
                    && metadata.Info.Properties.Kind == CheckpointKind.Savepoint ? StoredCheckpointStatus.Savepoint
                : found.Status;
            return Fill(
                found with { Status = status },
                metadata.Info is null ? metadata : metadata.ResolveRelative(found.Path, found.MetadataPath));
        }
        catch (StoredFileMissingException)
        {
            return null;
        }
        catch (CheckpointingException e)
        {
            return found with { Problem = e };
        }
    }

    private async Task<List<StoredClaim>> ReadClaimsAsync(CancellationToken cancellationToken)
    {
        var claims = new List<StoredClaim>();
        foreach (var path in _files.Select(static file => file.Path))
        {
            var folder = StoragePath.FolderOf(path);
            if (path == OwnedFolders.MarkerOf(folder) && await OwnedFolders
                .ReadMarkerAsync(storage, folder, cancellationToken).ConfigureAwait(false) is { } holder)
            {
                claims.Add(new(folder, IsSavepoint: true, holder));
            }
        }

        claims.AddRange(_jobs.Values.Where(static job => job.Record?.ClaimedBy is not null)
            .Select(static job => new StoredClaim(job.Job.Name, IsSavepoint: false, job.Record!.ClaimedBy!)));
        return claims;
    }

    // By job, and in the order of the register; what is leaving comes after the list.
    private IEnumerable<StoredCheckpoint> InOrder() => _jobs.Values.SelectMany(job =>
        (job.Record?.Retained ?? []).Select(retained => _listed.GetValueOrDefault(retained.Path))
            .OfType<StoredCheckpoint>().Where(one => one.ListedBy == job.Job)
            .Concat(_listed.Values.Where(one =>
                one.ListedBy == job.Job && one.Status != StoredCheckpointStatus.Retained)));
}
