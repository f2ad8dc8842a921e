using Checkpointing.Diagnostics;

namespace Checkpointing.Testing.Simulation;

/// <summary>Everything that one simulated process could do next; nothing happens until somebody picks it.</summary>
/// <remarks>
/// <para>Give it to a coordinator as its scheduler, and <see cref="Gate"/> to the process's fault plan: then background
/// work and operations wait here, and the order in which they are picked is the order in which things happen. What
/// continues after a picked one runs inside <see cref="RunOne"/>, as long as no synchronization context is set.</para>
/// <para>One thread. Dropping the object is the death of the process: what waits never goes on.</para>
/// </remarks>
public sealed class SimulatedWork : WorkScheduler
{
    private readonly List<Action> _ready = [];
    private readonly Action<Exception> _onFailure;

    /// <summary>Nothing to do yet.</summary>
    /// <param name="onFailure">Gets what escaped from background work, which should handle its failures.</param>
    public SimulatedWork(Action<Exception> onFailure)
    {
        ArgumentNullException.ThrowIfNull(onFailure);
        _onFailure = onFailure;
    }

    /// <summary>How many things could happen next.</summary>
    public int Count => _ready.Count;

    /// <inheritdoc/>
    public override void Schedule(Func<Task> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        Add(() => Watch(work()));
    }

    /// <summary>Adds something that could happen.</summary>
    public void Add(Action action) => _ready.Add(action);

    /// <summary>Waits until it is picked.</summary>
    public ValueTask Gate()
    {
        var picked = new TaskCompletionSource();
        _ready.Add(picked.SetResult);
        return new(picked.Task);
    }

    /// <summary>Does one of the things.</summary>
    /// <param name="index">Which, 0 to <see cref="Count"/> - 1, in the order in which they came up.</param>
    public void RunOne(int index)
    {
        var action = _ready[index];
        _ready.RemoveAt(index);
        action();
    }

    /// <summary>Does the oldest thing, and so on, until nothing is left.</summary>
    /// <param name="limit">Most things to do.</param>
    /// <exception cref="ConformanceException">There was always more to do.</exception>
    public void RunAll(int limit = 1_000_000)
    {
        for (var done = 0; _ready.Count > 0; done++)
        {
            if (done == limit)
            {
                throw new ConformanceException($"The simulation goes on for ever: {limit} things were done.");
            }

            RunOne(0);
        }
    }

    private void Watch(Task work)
    {
        if (work.IsCompletedSuccessfully)
        {
            return;
        }

        _ = work.ContinueWith(
            done => _onFailure(done.Exception!.InnerException!),
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }
}
