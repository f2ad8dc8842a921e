using Checkpointing.State;

namespace Checkpointing.Hosting.Runtime;

/// <summary>What all subtasks with state have in common.</summary>
internal abstract class StatefulLogic<TState> : SubtaskLogic
    where TState : SubtaskState
{
    private TState? _state;

    protected internal TState State => _state ?? throw new InvalidOperationException("The subtask is not open.");

    public override Task? StateFailure => State.Failure;

    public sealed override async ValueTask OpenAsync(SubtaskContext context, CancellationToken cancellationToken)
    {
        _state = await OpenStateAsync(context, cancellationToken).ConfigureAwait(false);
        Open(context);
    }

    public override ISnapshotPlan PrepareSnapshot(SnapshotRequest request) => State.PrepareSnapshot(request);

    public override void NotifyCompleted(CheckpointId checkpoint) => State.NotifyCompleted(checkpoint);

    public override void NotifyAborted(CheckpointId checkpoint) => State.NotifyAborted(checkpoint);

    public sealed override async ValueTask DisposeAsync()
    {
        try
        {
            DisposeUserCode();
        }
        finally
        {
            if (_state is { } state)
            {
                _state = null;
                await state.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    protected abstract ValueTask<TState> OpenStateAsync(SubtaskContext context, CancellationToken cancellationToken);

    protected abstract void Open(SubtaskContext context);

    protected abstract void DisposeUserCode();
}
