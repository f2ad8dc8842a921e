using Checkpointing.CompletedCheckpoints;
using Checkpointing.Storage;

namespace Checkpointing.Coordination;

/// <content>Orphans in the folders of jobs that this one has claimed: nobody else sweeps there any more.</content>
public sealed partial class CheckpointCoordinator
{
    /// <summary>What lies in the folders of claimed jobs, listed before any metadata is read.</summary>
    private async Task<IReadOnlyList<JobFiles>> ListClaimedAsync(
        RegisterRecord record, CancellationToken cancellationToken)
    {
        var listed = new List<JobFiles>();
        foreach (var claimed in record.Claims)
        {
            listed.Add(new(claimed, await ListAsync(claimed, cancellationToken).ConfigureAwait(false)));
        }

        return listed;
    }

    /// <summary>Pins that their holders let go of, and that came back with a power cut or could not be deleted. Where
    /// the checkpoint has left the list, nobody else would meet them.</summary>
    private async Task RemoveStalePinsAsync(IReadOnlyList<JobFiles> claimed, CancellationToken cancellationToken)
    {
        var pinned = claimed.SelectMany(static theirs => theirs.Files).Where(CheckpointPins.IsPin)
            .Select(CheckpointPins.CheckpointOf).Distinct();
        foreach (var folder in pinned)
        {
            try
            {
                await CheckpointPins.IsPinnedAsync(_storage, _store.Register, folder, cancellationToken)
                    .ConfigureAwait(false);
            }
            catch (CheckpointingException e)
            {
                // Harmless where it is; met again by the next epoch.
                CleanerLog.DeletionFailed(_logger, folder, e);
            }
        }
    }

    private async Task<List<string>> ListAsync(JobId job, CancellationToken cancellationToken)
    {
        var files = new List<string>();
        await foreach (var file in _storage.ListAsync(job.Name, cancellationToken).ConfigureAwait(false))
        {
            files.Add(file.Path);
        }

        return files;
    }

    /// <summary>Orphans of a claimed job: the claim has raised its epoch, so all that its own coordinators made is of
    /// an older one. Should the job have been started again, and have checkpoints of its own, it sweeps
    /// itself.</summary>
    private async Task<IReadOnlyList<string>> FindOrphansAsync(
        JobFiles claimed, RegisterRecord record, IReadOnlySet<string> reachable, CancellationToken cancellationToken)
    {
        var session = new RegisterSession(_store.Register, claimed.Job);
        var theirs = await session.ReadAsync(cancellationToken).ConfigureAwait(false);
        var isStillOurs = theirs is { Retained.Count: 0, Leaving.Count: 0, ClaimedBy: { } claimant }
            && (claimant == record.Job.Name || record.Claims.Contains(claimant));
        return isStillOurs ? CheckpointSweep.FindOrphans(claimed.Job, claimed.Files, theirs!, reachable) : [];
    }

    private sealed record JobFiles(JobId Job, IReadOnlyList<string> Files);
}
