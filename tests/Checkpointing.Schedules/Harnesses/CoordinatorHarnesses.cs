using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Inspection;

namespace Checkpointing.Schedules.Harnesses;

/// <summary>Coordinators with their subtasks, storage and register, at the places where two things meet.</summary>
internal static class CoordinatorHarnesses
{
    private const string Job = "job";
    private const string Heir = "heir";

    /// <summary>Checkpoints complete beside each other, the newest takes the place of older ones, the cleaner deletes
    /// what they leave.</summary>
    internal static async Task AddAndSubsumeAsync()
    {
        var scene = new Scene(Job);
        var process = scene.NewProcess(Job, new() { MaxConcurrent = 3, StoresStatistics = false });
        await process.StartAsync();
        await scene.CheckpointAsync(process);
        await Scene.AllAsync(
            () => scene.CheckpointAsync(process),
            () => scene.CheckpointAsync(process),
            () => scene.CheckpointAsync(process, CheckpointRequest.SavepointTo("saved")));
        await scene.FinishAsync(process);
    }

    /// <summary>A checkpoint completes, is declined and expires at the same time: its caller is told one of these, and
    /// it is true.</summary>
    internal static async Task AbortAndCompleteAsync()
    {
        var scene = new Scene(Job);
        var options = new CheckpointCoordinatorOptions
        {
            MaxConcurrent = 2, Timeout = TimeSpan.FromSeconds(10), StoresStatistics = false,
        };
        var process = scene.NewProcess(Job, options, parallelism: 2);
        await process.StartAsync();
        await scene.CheckpointAsync(process);
        var declines = 0;
        process.Declines = subtask =>
            subtask is { Operator: "rows", Index: 1 } && Interlocked.Increment(ref declines) == 1;
        await Scene.AllAsync(
            () => scene.CheckpointAsync(process),
            () => scene.CheckpointAsync(process),
            async () =>
            {
                await Task.Yield();
                process.Time.Advance(TimeSpan.FromSeconds(11));
            });
        await scene.SettleAsync();
        process.Declines = static _ => false;
        if (await scene.CheckpointAsync(process) is null)
        {
            throw new Testing.ConformanceException("I11: nothing fails any more, but the checkpoint did.");
        }

        await scene.FinishAsync(process);
    }

    /// <summary>Subtasks and coordinator are closed while state is written: nothing crashes, and no file stays that
    /// nobody needs.</summary>
    internal static async Task CloseAndUploadAsync()
    {
        var scene = new Scene(Job);
        var process = scene.NewProcess(Job, hasCounts: true);
        await process.StartAsync();
        await scene.CheckpointAsync(process);
        await Scene.AllAsync(
            () => scene.CheckpointAsync(process),
            process.CloseTasksAsync,
            () => process.Coordinator.EndAsync(JobTermination.Suspended));
        await scene.FinishAsync(process);
    }

    /// <summary>Another job claims a checkpoint and one goes on from it without claiming, while a sweep goes over the
    /// storage and the job itself starts again.</summary>
    internal static async Task ClaimAndSweepAsync()
    {
        var scene = new Scene(Job, Heir);
        var process = scene.NewProcess(Job);
        await process.StartAsync();
        await scene.CheckpointAsync(process);
        var taken = await scene.CheckpointAsync(process);
        await process.Coordinator.DisposeAsync();
        await scene.SettleAsync();
        var heir = scene.NewProcess(Heir);
        var again = scene.NewProcess(Job);
        await Scene.AllAsync(
            async () =>
            {
                if (await Scene.TryAsync(() => heir.StartAsync(taken!.Path, ClaimMode.Claim)))
                {
                    scene.World.Forget(new(Job));
                    await scene.CheckpointAsync(heir);
                }
            },
            () => Scene.TryAsync(() => again.StartAsync()),
            () => SweepAsync(scene));
        await scene.FinishAsync(heir, again);
    }

    /// <summary>A process takes the job over while the older one completes a checkpoint: one of them is fenced, and
    /// what was reported is restored.</summary>
    internal static async Task TakeOverAndCommitAsync()
    {
        var scene = new Scene(Job);
        var older = scene.NewProcess(Job, parallelism: 2);
        await older.StartAsync();
        await scene.CheckpointAsync(older);
        var newer = scene.NewProcess(Job, parallelism: 2);
        await Scene.AllAsync(
            () => scene.CheckpointAsync(older),
            async () =>
            {
                if (await Scene.TryAsync(() => newer.StartAsync()))
                {
                    await scene.CheckpointAsync(newer);
                }
            },
            () => SweepAsync(scene));
        await scene.FinishAsync(older, newer);
    }

    private static Task SweepAsync(Scene scene)
    {
        var storage = scene.NewStorage();
        var register = scene.World.RegisterOf(Scene.NewPlan(), storage);
        return Scene.TryAsync(() => StorageSweep.RunAsync(storage, new() { Apply = true }, register));
    }
}
