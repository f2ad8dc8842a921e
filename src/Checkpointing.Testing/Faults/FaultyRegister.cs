using Checkpointing.CompletedCheckpoints;

namespace Checkpointing.Testing.Faults;

/// <summary>Another register with faults: lost requests, lost and late answers.</summary>
/// <remarks>For a register that is a <see cref="StorageCheckpointRegister"/> give that one a
/// <see cref="FaultyStorage"/> instead: then every file operation can fail. As safe for concurrent calls as the inner
/// one.</remarks>
/// <param name="inner">Does the work; borrowed.</param>
/// <param name="plan">Says what fails.</param>
public sealed class FaultyRegister(ICheckpointRegister inner, FaultPlan plan) : ICheckpointRegister
{
    /// <inheritdoc/>
    public string Description => inner.Description;

    /// <inheritdoc/>
    public async ValueTask<RegisterEntry?> ReadAsync(JobId job, CancellationToken cancellationToken)
    {
        var operation = await plan.BeginAsync(StorageOperationKind.ReadRegister, job.Name, cancellationToken)
            .ConfigureAwait(false);
        FaultErrors.ThrowIfUndone(operation);
        var entry = await inner.ReadAsync(job, cancellationToken).ConfigureAwait(false);
        return operation.Fault == FaultKind.AppliedButFailed ? throw FaultErrors.Of(operation) : entry;
    }

    /// <inheritdoc/>
    public async ValueTask<RegisterReplacement> TryReplaceAsync(
        JobId job, long expectedVersion, ReadOnlyMemory<byte> record, CancellationToken cancellationToken)
    {
        var operation = await plan.BeginAsync(StorageOperationKind.ReplaceRegister, job.Name, cancellationToken)
            .ConfigureAwait(false);
        switch (operation.Fault)
        {
            case FaultKind.Denied or FaultKind.NoSpace:
                throw FaultErrors.Of(operation);
            case FaultKind.DeviceError or FaultKind.TimedOut:
                return RegisterReplacement.Unknown;
            case FaultKind.AppliedLate:
                plan.ApplyLater(
                    operation,
                    async () => await inner.TryReplaceAsync(job, expectedVersion, record, CancellationToken.None)
                        .ConfigureAwait(false));
                return RegisterReplacement.Unknown;
        }

        var outcome = await inner.TryReplaceAsync(job, expectedVersion, record, cancellationToken)
            .ConfigureAwait(false);
        await plan.EndAsync(operation).ConfigureAwait(false);
        return operation.Fault == FaultKind.AppliedButFailed ? RegisterReplacement.Unknown : outcome;
    }
}
