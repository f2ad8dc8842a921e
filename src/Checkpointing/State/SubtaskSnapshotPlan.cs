using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>A prepared snapshot of all state of a subtask.</summary>
internal sealed class SubtaskSnapshotPlan(
    SubtaskStateContext context, SnapshotRequest request, IReadOnlyList<StateDescription> states,
    OperatorStateSnapshot operatorState, KeyedStateSnapshot? keyed, SpaceNeeds needs, SnapshotTimes times,
    SnapshotSpans? spans) : ISnapshotPlan
{
    private int _isUsed;
    private bool _isWritten;

    public CheckpointId CheckpointId => request.CheckpointId;

    public async ValueTask<SubtaskSnapshot> WriteAsync(CancellationToken cancellationToken)
    {
        using var span = spans?.StartAsynchronous();
        try
        {
            var written = await WriteAllAsync(cancellationToken).ConfigureAwait(false);
            spans?.End(written);
            return written;
        }
        catch (Exception e)
        {
            spans?.Fail(e);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Interlocked.Exchange(ref _isUsed, 1);
        spans?.Dispose();
        if (keyed is not null)
        {
            await keyed.DisposeAsync().ConfigureAwait(false);
        }

        if (!_isWritten && operatorState.Path is { } path)
        {
            await ExclusiveFiles.DeleteQuietlyAsync(context.Storage, path).ConfigureAwait(false);
        }
    }

    private async ValueTask<SubtaskSnapshot> WriteAllAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _isUsed, 1) != 0)
        {
            throw new InvalidOperationException(
                $"The snapshot of checkpoint {request.CheckpointId} was written or disposed before.");
        }

        var began = context.Time.GetTimestamp();
        await needs.CheckAsync(context.Storage, request.CheckpointId, cancellationToken).ConfigureAwait(false);

        // Keyed state last: when it fails, it takes back what it made, and only the one file before is left to us.
        var operatorHandle = await operatorState.WriteAsync(context, request, cancellationToken).ConfigureAwait(false);
        var result = keyed is null
            ? new(null, default, [])
            : await keyed.WriteAsync(cancellationToken).ConfigureAwait(false);
        var operatorBytes = operatorHandle?.SizeBytes ?? 0;
        var operatorCost = operatorState.Path is null
            ? new SnapshotCost(operatorBytes, 0, 0, 0)
            : new(operatorBytes, 1, 0, 0) { Transfers = TransferCounts.Streamed(operatorBytes) };
        _isWritten = true;
        var cost = result.Cost + operatorCost;
        needs.Learn(cost.NewBytes);
        return new(result.Handle, operatorHandle, states, cost, result.GivenUp)
        {
            Times = times with { Asynchronous = context.Time.GetElapsedTime(began) },
        };
    }
}
