// The one place of this package that starts tasks.
#pragma warning disable RS0030
using Microsoft.Extensions.Logging;

namespace Checkpointing.Hosting.Execution;

/// <summary>Starts tasks and keeps track of them: none fails unobserved, and whoever stops can wait for all.</summary>
/// <remarks>Safe for concurrent calls.</remarks>
internal sealed class BackgroundWork(ILogger logger, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Task, string> _running = [];

    /// <summary>Starts work. It handles its own failures; one that escapes is logged.</summary>
    /// <param name="name">For the log.</param>
    /// <param name="work">The work.</param>
    public Task Start(string name, Func<Task> work)
    {
        var task = Task.Run(() => ObserveAsync(name, work));
        lock (_lock)
        {
            _running.Add(task, name);
        }

        _ = task.ContinueWith(
            Forget, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return task;
    }

    /// <summary>Runs pieces of work at once and waits for all of them.</summary>
    /// <exception cref="Exception">What the first one, in order, that failed has thrown.</exception>
    public static Task RunAllAsync(IEnumerable<Func<Task>> work) => Task.WhenAll([.. work.Select(Task.Run)]);

    /// <summary>Waits until all work has ended, at most so long.</summary>
    /// <returns>False if some still runs: it was told to stop and does not.</returns>
    public async Task<bool> WaitForAllAsync(TimeSpan limit)
    {
        Task[] running;
        lock (_lock)
        {
            running = [.. _running.Keys];
        }

        try
        {
            await Task.WhenAll(running).WaitAsync(limit, time).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            lock (_lock)
            {
                logger.WorkDidNotStop(limit, string.Join(", ", _running.Values));
            }

            return false;
        }
    }

    private async Task ObserveAsync(string name, Func<Task> work)
    {
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // The edge of background work: nobody else is there to see it.
            logger.WorkFailed(e, name);
        }
    }

    private void Forget(Task task)
    {
        lock (_lock)
        {
            _running.Remove(task);
        }
    }
}
