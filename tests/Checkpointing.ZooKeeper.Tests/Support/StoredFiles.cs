using Checkpointing.CompletedCheckpoints;
using Checkpointing.Storage;

namespace Checkpointing.ZooKeeper.Tests.Support;

/// <summary>What lies in a storage and what the register leads to.</summary>
/// <param name="Listed">Ids of the checkpoints in the register, oldest first.</param>
/// <param name="Missing">Files that a listed checkpoint needs and that are not there.</param>
/// <param name="Orphans">Files of the job that no listed checkpoint needs.</param>
internal sealed record StoredFiles(
    IReadOnlyList<long> Listed, IReadOnlyList<string> Missing, IReadOnlyList<string> Orphans)
{
    internal static async Task<StoredFiles> LookAsync(
        ICheckpointStorage storage, ICheckpointRegister register, JobId job)
    {
        var record = await new RegisterSession(register, job).ReadAsync(CancellationToken.None);
        var there = new HashSet<string>();
        await foreach (var file in storage.ListAsync(job.Name, CancellationToken.None))
        {
            // No checkpoint needs statistics, and no sweep takes them.
            if (!StoragePath.IsBelow(file.Path, CheckpointLayout.StatisticsFolder(job)))
            {
                there.Add(file.Path);
            }
        }

        var reachable = new HashSet<string>();
        foreach (var retained in record!.Retained)
        {
            reachable.UnionWith(CheckpointReference.AllFiles(
                await CheckpointLoader.LoadRetainedAsync(storage, retained, CancellationToken.None)));
        }

        return new(
            [.. record.Retained.Select(static retained => retained.Id.Value)], [.. reachable.Except(there)],
            [.. there.Except(reachable)]);
    }
}
