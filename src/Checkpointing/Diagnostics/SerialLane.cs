namespace Checkpointing.Diagnostics;

/// <summary>Runs pieces of asynchronous work one after another, in the order they were added.</summary>
/// <remarks>Adding is safe from any thread and returns at once. Work handles its own failures: one that escapes is
/// given to
/// <c>onUnexpected</c> and the lane goes on.</remarks>
internal sealed class SerialLane(WorkScheduler scheduler, Action<Exception> onUnexpected)
{
    private readonly Lock _lock = new();
    private readonly Queue<Func<Task>> _queue = new();
    private readonly List<TaskCompletionSource> _idle = [];
    private bool _isRunning;

    public void Add(Func<Task> work)
    {
        lock (_lock)
        {
            _queue.Enqueue(work);
            if (_isRunning)
            {
                return;
            }

            _isRunning = true;
        }

        scheduler.Schedule(DrainAsync);
    }

    public bool IsIdle
    {
        get
        {
            lock (_lock)
            {
                return !_isRunning;
            }
        }
    }

    /// <summary>Completes when the lane has nothing left to do.</summary>
    public Task WhenIdleAsync()
    {
        lock (_lock)
        {
            if (!_isRunning)
            {
                return Task.CompletedTask;
            }

            // Continues on the lane, so that a simulation stays on its one thread; the lane holds no lock then.
            var source = new TaskCompletionSource();
            _idle.Add(source);
            return source.Task;
        }
    }

    private async Task DrainAsync()
    {
        while (true)
        {
            Func<Task> work;
            TaskCompletionSource[] idle = [];
            lock (_lock)
            {
                if (!_queue.TryDequeue(out work!))
                {
                    _isRunning = false;
                    idle = [.. _idle];
                    _idle.Clear();
                }
            }

            if (work is null)
            {
                Array.ForEach(idle, static source => source.SetResult());
                return;
            }

#pragma warning disable CA1031 // The edge of a background loop: recorded, never swallowed.
            try
            {
                await work().ConfigureAwait(false);
            }
            catch (Exception e)
            {
                onUnexpected(e);
            }
#pragma warning restore CA1031
        }
    }
}
