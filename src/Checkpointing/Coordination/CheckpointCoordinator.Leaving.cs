using Checkpointing.CompletedCheckpoints;
using Checkpointing.Storage;

namespace Checkpointing.Coordination;

/// <content>Checkpoints that left the list, here or with a claim, and that others may still need.</content>
public sealed partial class CheckpointCoordinator
{
    /// <summary>Checkpoints that left the list but that a foreign job still reads from, or whose removal was cut
    /// off where no sweep comes by.</summary>
    /// <param name="files">What lay in the job's folder when the epoch was taken, and is swept now; none later.</param>
    /// <param name="record">The job's record.</param>
    /// <param name="cancellationToken">Observed between two checkpoints.</param>
    private async Task<LeavingCheckpoints> TakeUpLeavingAsync(
        IReadOnlyList<string> files, RegisterRecord record, CancellationToken cancellationToken)
    {
        // The record names them since its second format; a pin is found wherever it lies in our folder.
        _pinnedFolders.UnionWith(files.Where(CheckpointPins.IsPin).Select(CheckpointPins.CheckpointOf));
        return await LoadLeavingAsync(
            _pinnedFolders.Union(record.Leaving.Select(static one => one.Path)), record, files.Count > 0,
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What came with a claim.</summary>
    private Task<LeavingCheckpoints> TakeUpHandedOverAsync(
        RegisterRecord record, CancellationToken cancellationToken) =>
        LoadLeavingAsync(
            record.Leaving.Select(static one => one.Path).Where(path => !Locked(core => core.IsLeaving(path))),
            record, isSwept: false, cancellationToken);

    private async Task<LeavingCheckpoints> LoadLeavingAsync(
        IEnumerable<string> folders, RegisterRecord record, bool isSwept, CancellationToken cancellationToken)
    {
        var named = record.Leaving.Select(static one => one.Path).ToHashSet();
        var (loaded, claimed, unreadable) = (new List<CompletedCheckpoint>(), new List<CompletedCheckpoint>(),
            new List<string>());
        foreach (var folder in folders.Except(record.Retained.Select(static one => one.Path)).ToList())
        {
            try
            {
                if (await LoadLeavingAsync(folder, isSwept, cancellationToken).ConfigureAwait(false)
                    is { } checkpoint)
                {
                    var isTheirs = !named.Contains(folder) && checkpoint.Id.Value < record.ClaimedBelowId;
                    (isTheirs ? claimed : loaded).Add(checkpoint);
                }
            }
            catch (CheckpointingException e)
            {
                // Tried again by the next recovery; until then nothing is deleted.
                _logger.CheckpointUnreadable(_topology.Job, folder, e);
                unreadable.Add(folder);
            }
        }

        return new(loaded, unreadable, claimed);
    }

    /// <returns>The checkpoint if it has to be looked after; null if nothing is left of it but for the sweep.</returns>
    private async Task<CompletedCheckpoint?> LoadLeavingAsync(
        string folder, bool isSwept, CancellationToken cancellationToken)
    {
        var isPinned = await CheckpointPins.IsPinnedAsync(_storage, _store.Register, folder, cancellationToken)
            .ConfigureAwait(false);
        if (!isPinned && isSwept && StoragePath.IsBelow(folder, _topology.Job.Name))
        {
            return null;
        }

        try
        {
            return await CheckpointLoader.LoadAsync(_storage, folder, cancellationToken).ConfigureAwait(false);
        }
        catch (CheckpointNotFoundException) when (!isPinned)
        {
            return null;
        }
        catch (CheckpointNotFoundException)
        {
            // Pinned too late: its metadata goes only while there is no pin, and the rest right after it. The reader
            // finds that out. But if the rest is there, the metadata was lost: who knows what the reader needs.
            if (await HoldsMoreThanPinsAsync(folder, cancellationToken).ConfigureAwait(false))
            {
                throw;
            }

            return null;
        }
    }

    private async Task<bool> HoldsMoreThanPinsAsync(string folder, CancellationToken cancellationToken)
    {
        await foreach (var file in _storage.ListAsync(folder, cancellationToken).ConfigureAwait(false))
        {
            if (!CheckpointPins.IsPin(file.Path))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Checkpoints of this job that others have claimed: their registers say which they still keep, or who
    /// has claimed them from there.</summary>
    private async Task AddClaimedAsync(
        RegisterRecord record, HashSet<string> reachable, CancellationToken cancellationToken)
    {
        var seen = new HashSet<string> { record.Job.Name };
        var records = new Queue<RegisterRecord>([record]);
        while (records.TryDequeue(out var present))
        {
            foreach (var claimant in present.Claimants.Where(seen.Add))
            {
                var session = new RegisterSession(_store.Register, new(claimant));
                if (await session.ReadAsync(cancellationToken).ConfigureAwait(false) is not { } theirs)
                {
                    continue;
                }

                records.Enqueue(theirs);

                // Handed over but not yet in the claimant's list: it may still take them up.
                var isUnderWay = present.IsHandingOverTo(theirs);
                foreach (var retained in theirs.Retained.Concat(isUnderWay ? present.HandedOver : []))
                {
                    var checkpoint = await CheckpointLoader.LoadRetainedAsync(_storage, retained, cancellationToken)
                        .ConfigureAwait(false);
                    reachable.UnionWith(CheckpointReference.AllFiles(checkpoint));
                }

                await AddLeavingAsync(
                    theirs.Leaving.Concat(isUnderWay ? present.HandedOverLeaving : []), reachable, cancellationToken)
                    .ConfigureAwait(false);
            }
        }
    }

    /// <summary>A checkpoint that a pending one of the claimant may still point into.</summary>
    private async Task AddLeavingAsync(
        IEnumerable<RetainedCheckpoint> leaving, HashSet<string> reachable, CancellationToken cancellationToken)
    {
        foreach (var one in leaving)
        {
            try
            {
                var checkpoint = await CheckpointLoader.LoadRetainedAsync(_storage, one, cancellationToken)
                    .ConfigureAwait(false);
                reachable.UnionWith(CheckpointReference.AllFiles(checkpoint));
            }
            catch (StoredFileMissingException)
            {
                // Let go since.
            }
        }
    }
}
