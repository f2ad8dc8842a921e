using System.Runtime.CompilerServices;
using Checkpointing.Storage;
using Checkpointing.Testing.Storage;

namespace Checkpointing.Testing.Faults;

/// <summary>Another storage with faults: every call, every block read or written is an operation of the plan.</summary>
/// <remarks>Owns nothing: whoever made the inner storage disposes it. As safe for concurrent calls as that
/// one.</remarks>
/// <param name="inner">Does the work.</param>
/// <param name="plan">Says what fails.</param>
public sealed class FaultyStorage(ICheckpointStorage inner, FaultPlan plan) : ForwardingStorage(inner)
{
    private readonly ICheckpointStorage _inner = inner;
    private readonly ILocalFileTransfer? _localFiles =
        inner.LocalFiles is { } transfer ? new FaultyTransfer(transfer, plan) : null;

    /// <inheritdoc/>
    public override ILocalFileTransfer? LocalFiles => _localFiles;

    /// <inheritdoc/>
    public override async ValueTask<StorageSpace?> GetSpaceAsync(CancellationToken cancellationToken)
    {
        var operation = await plan.BeginAsync(StorageOperationKind.GetSpace, "", cancellationToken)
            .ConfigureAwait(false);
        FaultErrors.ThrowIfUndone(operation);
        return await _inner.GetSpaceAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async ValueTask<Stream> OpenReadAsync(
        string path, long offset, CancellationToken cancellationToken)
    {
        var operation = await plan.BeginAsync(StorageOperationKind.OpenRead, path, cancellationToken)
            .ConfigureAwait(false);
        FaultErrors.ThrowIfUndone(operation);
        var stream = await _inner.OpenReadAsync(path, offset, cancellationToken).ConfigureAwait(false);
        if (operation.Fault == FaultKind.AppliedButFailed)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw FaultErrors.Of(operation);
        }

        return new FaultyStream(stream, path, plan);
    }

    /// <inheritdoc/>
    public override async ValueTask<long?> GetLengthAsync(string path, CancellationToken cancellationToken)
    {
        var operation = await plan.BeginAsync(StorageOperationKind.GetLength, path, cancellationToken)
            .ConfigureAwait(false);
        FaultErrors.ThrowIfUndone(operation);
        var length = await _inner.GetLengthAsync(path, cancellationToken).ConfigureAwait(false);
        return operation.Fault == FaultKind.AppliedButFailed ? throw FaultErrors.Of(operation) : length;
    }

    /// <inheritdoc/>
    public override async ValueTask<IStorageWriter> CreateAsync(string path, CancellationToken cancellationToken)
    {
        var operation = await plan.BeginAsync(StorageOperationKind.Create, path, cancellationToken)
            .ConfigureAwait(false);
        FaultErrors.ThrowIfUndone(operation);
        var writer = await _inner.CreateAsync(path, cancellationToken).ConfigureAwait(false);
        if (operation.Fault == FaultKind.AppliedButFailed)
        {
            await writer.DisposeAsync().ConfigureAwait(false);
            throw FaultErrors.Of(operation);
        }

        return new FaultyWriter(writer, path, plan);
    }

    /// <inheritdoc/>
    public override async ValueTask SyncFoldersAsync(
        IReadOnlyCollection<string> folders, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(folders);
        var operation = await plan
            .BeginAsync(StorageOperationKind.SyncFolders, folders.FirstOrDefault() ?? "", cancellationToken)
            .ConfigureAwait(false);
        FaultErrors.ThrowIfUndone(operation);
        await _inner.SyncFoldersAsync(folders, cancellationToken).ConfigureAwait(false);
        await AnswerAsync(operation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async IAsyncEnumerable<StoredFile> ListAsync(
        string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var operation = await plan.BeginAsync(StorageOperationKind.List, folder, cancellationToken)
            .ConfigureAwait(false);
        FaultErrors.ThrowIfUndone(operation);
        await foreach (var file in _inner.ListAsync(folder, cancellationToken).ConfigureAwait(false))
        {
            yield return file;
        }

        if (operation.Fault == FaultKind.AppliedButFailed)
        {
            throw FaultErrors.Of(operation);
        }
    }

    /// <inheritdoc/>
    public override async ValueTask DeleteAsync(string path, CancellationToken cancellationToken)
    {
        var operation = await plan.BeginAsync(StorageOperationKind.Delete, path, cancellationToken)
            .ConfigureAwait(false);
        FaultErrors.ThrowIfUndone(operation);
        if (operation.Fault == FaultKind.AppliedLate)
        {
            plan.ApplyLater(operation, () => _inner.DeleteAsync(path, CancellationToken.None));
            throw FaultErrors.Of(operation);
        }

        await _inner.DeleteAsync(path, cancellationToken).ConfigureAwait(false);
        await AnswerAsync(operation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async ValueTask<FileTransferKind> CopyAsync(
        string source, string target, CancellationToken cancellationToken)
    {
        var operation = await plan.BeginAsync(StorageOperationKind.Copy, source, cancellationToken)
            .ConfigureAwait(false);
        FaultErrors.ThrowIfUndone(operation);
        if (operation.Fault == FaultKind.AppliedLate)
        {
            plan.ApplyLater(
                operation,
                async () => await _inner.CopyAsync(source, target, CancellationToken.None).ConfigureAwait(false));
            throw FaultErrors.Of(operation);
        }

        var kind = await _inner.CopyAsync(source, target, cancellationToken).ConfigureAwait(false);
        await AnswerAsync(operation).ConfigureAwait(false);
        return kind;
    }

    /// <inheritdoc/>
    public override async ValueTask<int> SweepTemporaryFilesAsync(string folder, CancellationToken cancellationToken)
    {
        var operation = await plan.BeginAsync(StorageOperationKind.SweepTemporaryFiles, folder, cancellationToken)
            .ConfigureAwait(false);
        FaultErrors.ThrowIfUndone(operation);
        var count = await _inner.SweepTemporaryFilesAsync(folder, cancellationToken).ConfigureAwait(false);
        await AnswerAsync(operation).ConfigureAwait(false);
        return count;
    }

    private async ValueTask AnswerAsync(StorageOperation operation)
    {
        await plan.EndAsync(operation).ConfigureAwait(false);
        if (operation.Fault == FaultKind.AppliedButFailed)
        {
            throw FaultErrors.Of(operation);
        }
    }
}
