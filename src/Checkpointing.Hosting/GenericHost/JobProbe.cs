using System.Collections.Concurrent;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.Hosting.Execution;
using Checkpointing.Inspection;
using Checkpointing.Storage;
using Microsoft.Extensions.Logging;

namespace Checkpointing.Hosting.GenericHost;

/// <summary>Looks whether the storage and the register still hold what a running job needs, in the
/// background.</summary>
/// <remarks>At most one look a job at a time: a storage that hangs costs one thread, however often somebody asks. Safe
/// for concurrent calls.</remarks>
internal sealed class JobProbe(ICheckpointStorage storage, ICheckpointRegister register, ContainerContext context)
{
    private readonly ConcurrentDictionary<JobId, Lazy<Task<string?>>> _running = new();
    private readonly BackgroundWork _work =
        new(context.LoggerFactory.CreateLogger<JobProbe>(), context.TimeProvider);

    /// <summary>Looks.</summary>
    /// <returns>What is wrong, as a sentence; null if all is well.</returns>
    public Task<string?> LookAsync(RunningJob run) =>
        _running.GetOrAdd(run.Name, _ => new(() => StartLook(run))).Value;

    private Task<string?> StartLook(RunningJob run)
    {
        var answer = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = _work.Start($"look at job {run.Name}", async () =>
        {
            var problem = await FindProblemAsync(run).ConfigureAwait(false);
            _running.TryRemove(run.Name, out _);
            answer.SetResult(problem);
        });
        return answer.Task;
    }

    private async Task<string?> FindProblemAsync(RunningJob run)
    {
        try
        {
            // A newer checkpoint may push the one just read about out: the second look settles it.
            return await FindProblemOnceAsync(run).ConfigureAwait(false) is null
                ? null
                : await FindProblemOnceAsync(run).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // The edge of a look: whatever a storage throws, the job cannot rely on it.
            return $"its storage cannot be read: {e.Message}";
        }
    }

    private async Task<string?> FindProblemOnceAsync(RunningJob run)
    {
        var found = await JobInspection.ReadAsync(register, run.Name, CancellationToken.None).ConfigureAwait(false);
        if (found is null)
        {
            return $"its register, in '{register.Description}', is gone";
        }

        if (found.Epoch > run.Epoch)
        {
            return $"it was taken over: it has epoch {run.Epoch}, the register has {found.Epoch}";
        }

        return found.Newest is { } newest
            && await storage.GetLengthAsync(
                StoragePath.Combine(newest, CheckpointLayout.MetadataName), CancellationToken.None)
                .ConfigureAwait(false) is null
            ? $"its newest checkpoint, '{newest}', is not in '{storage.Description}'"
            : null;
    }
}
