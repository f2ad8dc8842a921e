using Checkpointing.CompletedCheckpoints;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.Inspection;

/// <summary>What a job's register says, read without taking anything over.</summary>
/// <param name="Job">The job.</param>
/// <param name="Epoch">Present reign.</param>
/// <param name="Holder">Who holds it.</param>
/// <param name="LineageId">Goes on from a job to one resumed from it.</param>
/// <param name="Retained">Completed checkpoints, oldest first.</param>
/// <param name="Newest">Path of the checkpoint that a restart takes up; null if it would begin anew.</param>
/// <param name="ClaimedBy">The job that has claimed its checkpoints; null if none has.</param>
public sealed record JobInspection(
    JobId Job,
    long Epoch,
    string Holder,
    Guid LineageId,
    ValueList<RetainedCheckpoint> Retained,
    string? Newest,
    string? ClaimedBy)
{
    /// <summary>Reads the register of a job; null if it has none.</summary>
    /// <exception cref="CheckpointCorruptException">The record is damaged.</exception>
    public static ValueTask<JobInspection?> ReadAsync(
        ICheckpointStorage storage, JobId job, CancellationToken cancellationToken = default) =>
        ReadAsync(new StorageCheckpointRegister(storage), job, cancellationToken);

    /// <inheritdoc cref="ReadAsync(ICheckpointStorage, JobId, CancellationToken)"/>
    /// <param name="register">Where the record is.</param>
    /// <param name="job">The job.</param>
    /// <param name="cancellationToken">Passed to the register.</param>
    public static async ValueTask<JobInspection?> ReadAsync(
        ICheckpointRegister register, JobId job, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(register);
        var record = await new RegisterSession(register, job)
            .ReadAsync(cancellationToken).ConfigureAwait(false);
        return record is null ? null : new(
            record.Job,
            record.Epoch,
            record.Holder,
            record.LineageId,
            record.Retained,
            record.Retained.LastOrDefault(static one => !one.IsLeftBehind)?.Path,
            record.ClaimedBy);
    }
}
