using Checkpointing.CompletedCheckpoints;

namespace Checkpointing.Embedded;

/// <summary>A checkpoint that is being written while the loop goes on. Nobody disposes it; it runs by itself.</summary>
public sealed class EmbeddedCheckpoint
{
    private readonly Task<CompletedCheckpoint> _completion;
    private int _isObserved;

    internal EmbeddedCheckpoint(CheckpointId checkpointId, Task<CompletedCheckpoint> completion)
    {
        CheckpointId = checkpointId;
        _completion = completion;
    }

    /// <summary>Its id.</summary>
    public CheckpointId CheckpointId { get; }

    /// <summary>Whether it has ended, well or badly.</summary>
    public bool IsEnded => _completion.IsCompleted;

    /// <summary>Waits until it is durable.</summary>
    /// <param name="cancellationToken">Ends the wait, not the checkpoint.</param>
    /// <returns>The checkpoint; it survives the loss of everything that is not synced.</returns>
    /// <exception cref="CheckpointDeclinedException">It failed; older checkpoints are intact, the next one may
    /// do.</exception>
    /// <exception cref="CoordinatorFencedException">Another process has taken over.</exception>
    public Task<CompletedCheckpoint> WaitAsync(CancellationToken cancellationToken = default)
    {
        Volatile.Write(ref _isObserved, 1);
        return _completion.WaitAsync(cancellationToken);
    }

    /// <summary>The failure that nobody waited for; null if there is none, or somebody did.</summary>
    internal Exception? TakeUnobservedFailure() =>
        _completion.IsFaulted
            && Interlocked.Exchange(ref _isObserved, 1) == 0 ? _completion.Exception!.InnerException : null;
}
