using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.Testing.Faults;

/// <summary>A writer with faults.</summary>
internal sealed class FaultyWriter(IStorageWriter inner, string path, FaultPlan plan) : IStorageWriter
{
    private bool _isKept;

    public long LengthBytes => inner.LengthBytes;

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var operation = await plan.BeginAsync(StorageOperationKind.Write, path, cancellationToken)
            .ConfigureAwait(false);
        FaultErrors.ThrowIfUndone(operation);
        var length = operation.Fault == FaultKind.ShortWrite ? bytes.Length / 2 : bytes.Length;
        await inner.WriteAsync(bytes[..length], cancellationToken).ConfigureAwait(false);
        if (operation.Fault is FaultKind.ShortWrite or FaultKind.AppliedButFailed)
        {
            throw FaultErrors.Of(operation);
        }
    }

    public async ValueTask<ContentDigest> CommitAsync(CancellationToken cancellationToken)
    {
        var operation = await plan.BeginAsync(StorageOperationKind.Commit, path, cancellationToken)
            .ConfigureAwait(false);
        FaultErrors.ThrowIfUndone(operation);
        if (operation.Fault == FaultKind.AppliedLate)
        {
            _isKept = true;
            plan.ApplyLater(operation, CommitLateAsync);
            throw FaultErrors.Of(operation);
        }

        var digest = await inner.CommitAsync(cancellationToken).ConfigureAwait(false);
        await plan.EndAsync(operation).ConfigureAwait(false);
        return operation.Fault == FaultKind.AppliedButFailed ? throw FaultErrors.Of(operation) : digest;
    }

    public ValueTask DisposeAsync() => _isKept ? ValueTask.CompletedTask : inner.DisposeAsync();

    private async ValueTask CommitLateAsync()
    {
        await using (inner.ConfigureAwait(false))
        {
            await inner.CommitAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }
}
