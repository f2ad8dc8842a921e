using Checkpointing.CompletedCheckpoints;
using Checkpointing.Storage;

namespace Checkpointing.Tests.Coordination;

/// <summary>Looks at what is stored, past the coordinator: the promises I1 and I2 as sets of paths.</summary>
internal static class StoredState
{
    public static RegisterRecord RegisterOf(ICheckpointRegister register, string job) =>
        new RegisterSession(register, job).ReadAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult()!;

    public static IReadOnlyList<string> FilesBelow(ICheckpointStorage storage, string folder)
    {
        var found = new List<string>();
        var files = storage.ListAsync(folder, CancellationToken.None).GetAsyncEnumerator();
        while (files.MoveNextAsync().AsTask().GetAwaiter().GetResult())
        {
            found.Add(files.Current.Path);
        }

        found.Sort(StringComparer.Ordinal);
        return found;
    }

    /// <summary>Files that a listed checkpoint needs and that are not there (I1).</summary>
    public static IReadOnlyList<string> MissingFiles(
        ICheckpointStorage storage, ICheckpointRegister register, string job)
    {
        var there = FilesBelow(storage, "").ToHashSet();
        return [.. Reachable(storage, register, job).Where(path => !there.Contains(path))];
    }

    /// <summary>Files in the job's folder that no listed checkpoint needs (I2).</summary>
    public static IReadOnlyList<string> Orphans(ICheckpointStorage storage, ICheckpointRegister register, string job) =>
        [.. FilesBelow(storage, job).Except(Reachable(storage, register, job))
            .Where(path => !StoragePath.IsBelow(path, CheckpointLayout.RegisterFolder(job))
                && !StoragePath.IsBelow(path, CheckpointLayout.StatisticsFolder(job)))];

    private static List<string> Reachable(ICheckpointStorage storage, ICheckpointRegister register, string job) =>
        [.. RegisterOf(register, job).Retained
            .Select(r => CheckpointLoader.LoadRetainedAsync(storage, r, CancellationToken.None).AsTask().GetAwaiter()
                .GetResult())
            .SelectMany(CheckpointReference.AllFiles)];
}
