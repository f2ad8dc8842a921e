using Checkpointing.CompletedCheckpoints;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.Inspection;

/// <summary>Who needs which file of a census, and what nobody needs. One rule with the coordinator's own sweep:
/// <see cref="CheckpointSweep"/>.</summary>
internal sealed class FileIndex
{
    private static readonly Verdict s_needed = new(FileStanding.Needed, "A checkpoint that is kept needs it.");

    private readonly StorageCensus _census;
    private readonly Dictionary<string, long> _lengths;
    private readonly Dictionary<string, List<(StoredCheckpoint Checkpoint, CheckpointFile File)>> _names = [];
    private readonly HashSet<string> _reachable = [];
    private readonly HashSet<string> _orphans = [];
    private readonly Dictionary<string, string> _held = [];
    private readonly HashSet<string> _marks;
    private readonly Dictionary<string, StoredJob> _jobs;

    internal FileIndex(StorageCensus census)
    {
        _census = census;
        _jobs = census.Jobs.ToDictionary(static job => job.Job.Name);
        _lengths = census.Files.ToDictionary(static file => file.Path, static file => file.LengthBytes);
        foreach (var checkpoint in census.Checkpoints)
        {
            foreach (var file in checkpoint.Files)
            {
                if (!_names.TryGetValue(file.Path, out var names))
                {
                    _names.Add(file.Path, names = []);
                }

                names.Add((checkpoint, file));
            }

            if (checkpoint.IsKept)
            {
                _reachable.UnionWith(checkpoint.Files.Select(static file => file.Path));
                _reachable.Add(checkpoint.MetadataPath);
            }
        }

        _marks = [.. census.Pins.Select(static pin => pin.Path),
            .. census.Claims.Where(static claim => claim.IsSavepoint)
                .Select(static c => OwnedFolders.MarkerOf(c.What))];
        foreach (var job in census.Jobs.Where(static job => job.Record is not null))
        {
            FindOrphans(job, job.Record!);
        }
    }

    internal FileReport? Why(string path)
    {
        var isThere = _lengths.TryGetValue(path, out var bytes);
        var names = _names.GetValueOrDefault(path) ?? [];
        var needs = names.Where(static one => one.Checkpoint.IsKept).Select(static one => new FileNeed(
            one.Checkpoint.ListedBy ?? one.Checkpoint.Job,
            one.Checkpoint.Id,
            one.Checkpoint.Path,
            one.File.Scope,
            one.Checkpoint.Status)).ToValueList();
        if (!isThere)
        {
            return names.Count == 0 ? null : new(
                path, 0, FileStanding.Missing, needs, "A checkpoint names it, but it is not there.");
        }

        var verdict = Judge(path);
        return new(path, bytes, verdict.Standing, needs, verdict.Why);
    }

    internal Verdict Judge(string path)
    {
        if (_reachable.Contains(path))
        {
            return s_needed;
        }

        if (_marks.Contains(path) || CheckpointPins.IsPin(path))
        {
            return new(FileStanding.Mark, "It says which job reads from, or has claimed, a checkpoint.");
        }

        var folder = path[..Math.Max(0, path.IndexOf('/'))];
        if (!_jobs.TryGetValue(folder, out var owner))
        {
            return new(FileStanding.Unknown, "It lies in no job's folder, and no checkpoint names it.");
        }

        if (StoragePath.IsBelow(path, CheckpointLayout.RegisterFolder(owner.Job)))
        {
            return new(FileStanding.Register, $"It is the register of job '{owner.Job}'.");
        }

        if (StoragePath.IsBelow(path, CheckpointLayout.StatisticsFolder(owner.Job)))
        {
            return new(
                FileStanding.Statistics, $"It says what checkpoints of job '{owner.Job}' were like; none needs it.");
        }

        if (_orphans.Contains(path))
        {
            return new(FileStanding.Orphan, "An older epoch made it, no checkpoint needs it, and none ever can.");
        }

        if (_held.TryGetValue(path, out var why))
        {
            return new(FileStanding.Held, why);
        }

        return owner.Record is null
            ? new(FileStanding.Unknown, owner.Problem is { } problem
                ? $"The register of job '{owner.Job}' cannot be read: {problem.Message}"
                : $"Job '{owner.Job}' has no register here, so nothing can be said about its files.")
            : CheckpointSweep.IsOurs(owner.Job, path)
                ? new(FileStanding.Current,
                    $"Epoch {owner.Record.Epoch} of job '{owner.Job}' made it: its coordinator, "
                    + "or the sweep of the job's next start, decides.")
                : new(FileStanding.Unknown, "It is no file that this library makes.");
    }

    private void FindOrphans(StoredJob job, RegisterRecord record)
    {
        var files = _census.Files.Select(static file => file.Path)
            .Where(path => StoragePath.IsBelow(path, job.Job.Name)).ToList();
        var orphans = CheckpointSweep.FindOrphans(job.Job, files, record, _reachable);
        if (FindDoubt(job) is { } doubt)
        {
            orphans.ToList().ForEach(path => _held.Add(path, doubt));
        }
        else
        {
            _orphans.UnionWith(orphans);
        }
    }

    /// <summary>What forbids to take anything in a job's folder for an orphan: a checkpoint that might need it and
    /// cannot be read.</summary>
    private string? FindDoubt(StoredJob job)
    {
        var owners = _census.OwnersOf(job.Job);
        if (owners.Select(owner => _jobs.GetValueOrDefault(owner.Name))
            .FirstOrDefault(static owner => owner?.Problem is not null) is { } broken)
        {
            return $"The register of job '{broken.Job}', which may need it, cannot be read.";
        }

        if (job.Record!.ClaimedBy is { } claimant && _jobs.GetValueOrDefault(claimant)?.Record is null)
        {
            return $"Job '{claimant}', which has claimed these files, has no register here.";
        }

        var unreadable = _census.Checkpoints.FirstOrDefault(one => one.Problem is not null
            && ((one.ListedBy is { } lister && owners.Contains(lister))
                || (one.Status == StoredCheckpointStatus.Pinned && IsBelowAny(one.Path, owners))))?.Path
            ?? _census.Pins.FirstOrDefault(pin => !pin.IsStale && IsBelowAny(pin.Checkpoint, owners)
                && HasLostItsMetadata(pin.Checkpoint))?.Checkpoint;
        return unreadable is null ? null
            : $"'{unreadable}' cannot be read now and may need it. Make it readable, or give it up with "
                + "'forget --unreadable'.";
    }

    private static bool IsBelowAny(string path, IReadOnlyList<JobId> jobs) =>
        jobs.Any(job => StoragePath.IsBelow(path, job.Name));

    // If nothing but the pin is there, the checkpoint was let go, and the pin came too late.
    private bool HasLostItsMetadata(string checkpoint) =>
        _census.Find(checkpoint) is null && _census.Files.Any(file =>
            StoragePath.IsBelow(file.Path, checkpoint) && !CheckpointPins.IsPin(file.Path));

    internal readonly record struct Verdict(FileStanding Standing, string Why);
}
