using Checkpointing.Coordination;
using Checkpointing.Hosting.Runtime;
using Microsoft.Extensions.Logging;

namespace Checkpointing.Hosting.Execution;

/// <summary>A subtask of an attempt, and what belongs to it there.</summary>
internal sealed class AttemptSubtask(PlannedSubtask planned, SubtaskRuntime runtime, SubtaskInbox inbox)
{
    private readonly List<Task> _writes = [];
    private int _isDisposed;

    public PlannedSubtask Planned => planned;

    public SubtaskRuntime Runtime => runtime;

    public SubtaskInbox Inbox => inbox;

    public SubtaskAddress Address => runtime.Address;

    /// <summary>Inputs whose feeders had finished before the checkpoint that the attempt starts from.</summary>
    public required IReadOnlyList<int> EndedInputs { get; init; }

    /// <summary>Snapshots of it that are still being written. Its loop alone asks and adds.</summary>
    public Task Writes => Task.WhenAll(_writes);

    public void Add(Task write)
    {
        _writes.RemoveAll(static written => written.IsCompleted);
        _writes.Add(write);
    }

    /// <summary>Closes its state. Idempotent.</summary>
    public async ValueTask DisposeAsync(ILogger logger)
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        try
        {
            foreach (var plan in runtime.Outbox.Snapshots)
            {
                await plan.DisposeAsync().ConfigureAwait(false);
            }

            runtime.Outbox.Snapshots.Clear();
            await runtime.Logic.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // One subtask's clean-up must not keep the others from theirs.
            logger.CleanUpFailed(e, Address.Job.Name);
        }
    }
}
