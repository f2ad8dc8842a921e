#pragma warning disable RS0030 // This is the one place of the core where background work starts.
namespace Checkpointing.Diagnostics;

/// <summary>Starts background work: the one place for it. A simulation passes one that runs all on its own
/// thread.</summary>
public abstract class WorkScheduler
{
    /// <summary>Work runs on the thread pool.</summary>
    public static WorkScheduler ThreadPool { get; } = new ThreadPoolScheduler();

    /// <summary>Starts work. It never throws: whoever schedules it handles its failures inside.</summary>
    public abstract void Schedule(Func<Task> work);

    private sealed class ThreadPoolScheduler : WorkScheduler
    {
        public override void Schedule(Func<Task> work) => _ = Task.Run(work);
    }
}
