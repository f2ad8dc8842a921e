using Checkpointing.Diagnostics;
using Checkpointing.Torture.Cluster;

namespace Checkpointing.Schedules.Harnesses;

/// <summary>Background work as tasks, which Coyote puts in order; nothing of it may fail.</summary>
internal sealed class WatchedWork(ClusterWorld world) : WorkScheduler
{
    private readonly object _gate = new();
    private readonly HashSet<Task> _running = [];

    public override void Schedule(Func<Task> work)
    {
        lock (_gate)
        {
            _running.RemoveWhere(static task => task.IsCompleted);
            _running.Add(Task.Run(() => WatchAsync(work)));
        }
    }

    /// <summary>Waits until nothing runs.</summary>
    internal async Task SettleAsync()
    {
        while (true)
        {
            Task[] running;
            lock (_gate)
            {
                _running.RemoveWhere(static task => task.IsCompleted);
                running = [.. _running];
            }

            if (running.Length == 0)
            {
                return;
            }

            await Task.WhenAll(running);
        }
    }

    private async Task WatchAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e)
        {
            world.Fail($"I8: background work failed with {e}");
        }
    }
}
