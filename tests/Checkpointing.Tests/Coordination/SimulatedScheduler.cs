using Checkpointing.Diagnostics;

namespace Checkpointing.Tests.Coordination;

/// <summary>Background work of a simulation: it waits here until the one thread picks it, in an order that the seed
/// gives.</summary>
internal sealed class SimulatedScheduler(Random random) : WorkScheduler
{
    private readonly List<Func<Task>> _work = [];

    public int Count => _work.Count;

    public override void Schedule(Func<Task> work) => _work.Add(work);

    public void RunOne()
    {
        var index = random.Next(_work.Count);
        var work = _work[index];
        _work.RemoveAt(index);
        var running = work();
        if (!running.IsCompletedSuccessfully)
        {
            throw new InvalidOperationException("Simulated work left the thread or failed.", running.Exception);
        }
    }
}
