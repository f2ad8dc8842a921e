using System.Collections.Concurrent;
using Checkpointing.Coordination;
using Checkpointing.State;

namespace Checkpointing.Embedded;

/// <summary>The state of an embedded task. One caller at a time: the loop.</summary>
/// <typeparam name="TKey">Type of the keys.</typeparam>
public sealed class EmbeddedTaskState<TKey> : IEmbeddedTask, IAsyncDisposable
    where TKey : notnull
{
    private readonly SubtaskState<TKey> _state;
    private readonly ConcurrentQueue<object> _notices = new();
    private Task _writing = Task.CompletedTask;
    private bool _isDisposed;

    internal EmbeddedTaskState(SubtaskState<TKey> state, RestoredCheckpoint? restored)
    {
        _state = state;
        RestoredFrom = restored?.Checkpoint.Path;
    }

    /// <summary>State by key.</summary>
    public KeyedState<TKey> Keyed => _state.Keyed;

    /// <summary>State that belongs to no key.</summary>
    public OperatorState Operator => _state.Operator;

    /// <summary>Path of the checkpoint that was taken up; null for a new job.</summary>
    public string? RestoredFrom { get; }

    ISnapshotPlan IEmbeddedTask.PrepareSnapshot(SnapshotRequest request)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        HandleNotices();
        return _state.PrepareSnapshot(request);
    }

    void IEmbeddedTask.SetWriting(Task writing) => _writing = writing;

    void IEmbeddedTask.Notify(CheckpointCompleted message) => _notices.Enqueue(message);

    void IEmbeddedTask.Notify(CheckpointAborted message) => _notices.Enqueue(message);

    /// <summary>Waits for a checkpoint that is being written, then frees what is local. Stored state stays.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        await _writing.ConfigureAwait(false);
        await _state.DisposeAsync().ConfigureAwait(false);
    }

    // Notices come on other threads and wait here until the loop is between two elements.
    private void HandleNotices()
    {
        while (_notices.TryDequeue(out var notice))
        {
            if (notice is CheckpointCompleted completed)
            {
                _state.NotifyCompleted(completed.CheckpointId);
            }
            else if (notice is CheckpointAborted aborted)
            {
                _state.NotifyAborted(aborted.CheckpointId);
            }
        }
    }
}

/// <summary>What <see cref="EmbeddedCheckpoints"/> needs of its task, whatever the type of its keys.</summary>
internal interface IEmbeddedTask
{
    ISnapshotPlan PrepareSnapshot(SnapshotRequest request);

    void SetWriting(Task writing);

    void Notify(CheckpointCompleted message);

    void Notify(CheckpointAborted message);
}
