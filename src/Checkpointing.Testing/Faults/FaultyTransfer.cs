using Checkpointing.Storage;

namespace Checkpointing.Testing.Faults;

/// <summary>Transfer of local files with faults.</summary>
internal sealed class FaultyTransfer(ILocalFileTransfer inner, FaultPlan plan) : ILocalFileTransfer
{
    public async ValueTask<FileTransferKind> StoreAsync(
        string localPath, bool isSynced, string target, CancellationToken cancellationToken)
    {
        var operation = await plan.BeginAsync(StorageOperationKind.StoreLocalFile, target, cancellationToken)
            .ConfigureAwait(false);
        FaultErrors.ThrowIfUndone(operation);
        var kind = await inner.StoreAsync(localPath, isSynced, target, cancellationToken).ConfigureAwait(false);
        await plan.EndAsync(operation).ConfigureAwait(false);
        return operation.Fault == FaultKind.AppliedButFailed ? throw FaultErrors.Of(operation) : kind;
    }

    public async ValueTask<FileTransferKind> FetchAsync(
        string source, string localPath, CancellationToken cancellationToken)
    {
        var operation = await plan.BeginAsync(StorageOperationKind.FetchLocalFile, source, cancellationToken)
            .ConfigureAwait(false);
        FaultErrors.ThrowIfUndone(operation);
        var kind = await inner.FetchAsync(source, localPath, cancellationToken).ConfigureAwait(false);
        return operation.Fault == FaultKind.AppliedButFailed ? throw FaultErrors.Of(operation) : kind;
    }
}
