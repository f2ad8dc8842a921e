using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Storage;
using Checkpointing.Testing;
using Checkpointing.Testing.Faults;
using Checkpointing.Torture.Cluster;
using Microsoft.Coyote.Runtime;

namespace Checkpointing.Schedules.Harnesses;

/// <summary>One schedule: processes over one storage and one register, whose steps Coyote puts in order. What must hold
/// is checked at every deletion and report, and in the end.</summary>
internal sealed class Scene
{
    private readonly WatchedWork _work;
    private readonly string[] _jobs;
    private int _nextProcess;

    internal Scene(params string[] jobs)
    {
        _jobs = jobs;
        World = new(keepsRegisterInMemory: true, [.. jobs.Select(static job => new JobId(job))]);
        _work = new(World);
    }

    internal ClusterWorld World { get; }

    /// <summary>A process that is not started yet. Few subtasks: each is some more points where others could go
    /// on.</summary>
    internal ClusterProcess NewProcess(
        string job, CheckpointCoordinatorOptions? options = null, int parallelism = 1, bool hasCounts = false) =>
        new(World, new()
        {
            Job = job,
            Number = ++_nextProcess,
            Plan = NewPlan(),
            Storage = NewStorage(),
            Work = _work,
            Parallelism = parallelism,
            HasCounts = hasCounts,
            Coordinator = options ?? new() { StoresStatistics = false },
        });

    /// <summary>The disk as a process sees it.</summary>
    internal ICheckpointStorage NewStorage() => new InterleavedStorage(World.Storage);

    /// <summary>A plan without faults, in which others may go on before and after every use of the register.</summary>
    internal static FaultPlan NewPlan() => new()
    {
        KeepsLog = false,
        Gate = static _ =>
        {
            SchedulingPoint.Interleave();
            return ValueTask.CompletedTask;
        },
    };

    /// <summary>Runs some actors at a time.</summary>
    internal static Task AllAsync(params Func<Task>[] actors)
    {
        // An array: Coyote does not control the overload with a span.
        Task[] running = [.. actors.Select(static actor => Task.Run(actor))];
        return Task.WhenAll(running);
    }

    /// <summary>Takes a checkpoint and reports it.</summary>
    /// <returns>Null if it failed in a way that can happen to a user.</returns>
    internal async Task<CompletedCheckpoint?> CheckpointAsync(ClusterProcess process, CheckpointRequest? request = null)
    {
        try
        {
            process.Change(new(17));
            var completed = await process.Coordinator.TriggerAsync(request ?? CheckpointRequest.Checkpoint);
            World.Report(completed);
            return completed;
        }
        catch (Exception e) when (e is CheckpointingException or ObjectDisposedException)
        {
            return null;
        }
    }

    /// <summary>Does something that may fail as it can for a user.</summary>
    /// <returns>Whether it did not.</returns>
    internal static async Task<bool> TryAsync(Func<Task> act)
    {
        try
        {
            await act();
            return true;
        }
        catch (CheckpointingException)
        {
            return false;
        }
    }

    /// <summary>Waits until nobody does anything any more.</summary>
    internal Task SettleAsync() => _work.SettleAsync();

    /// <summary>Everything ends; then each job that is nobody else's starts once more and ends, and nothing may be
    /// lost or left over.</summary>
    internal async Task FinishAsync(params ClusterProcess[] running)
    {
        await SettleAsync();
        await CheckAsync();
        foreach (var process in running)
        {
            await process.Coordinator.DisposeAsync();
        }

        await SettleAsync();
        await CheckAsync();
        foreach (var job in _jobs.Where(job => World.RecordOf(job) is { ClaimedBy: null }))
        {
            var last = NewProcess(job, hasCounts: running.Any(static one => one.HasCounts));
            await last.StartAsync();
            var restored = last.Restored?.Checkpoint.Id.Value ?? 0;
            if (last.Restored is null or { IsForeign: false } && restored < World.NewestReported(job))
            {
                throw new ConformanceException(
                    $"I4: checkpoint {World.NewestReported(job)} of '{job}' was reported, {restored} was restored.");
            }

            await last.Coordinator.EndAsync(JobTermination.Suspended);
            await SettleAsync();
            await last.Coordinator.DisposeAsync();
        }

        await CheckAsync();
        var orphans = await World.Checker.FindOrphansAsync();
        if (orphans.Count > 0)
        {
            throw new ConformanceException($"I2: nothing leads to {string.Join(", ", orphans)}.");
        }
    }

    private async Task CheckAsync()
    {
        World.ThrowIfBroken();
        await World.Checker.CheckAsync();
    }
}
