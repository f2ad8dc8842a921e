namespace Checkpointing.Statistics;

/// <summary>A checkpoint that the job was started from.</summary>
/// <param name="Id">The checkpoint.</param>
/// <param name="Path">Its folder.</param>
/// <param name="Kind">Checkpoint or savepoint.</param>
/// <param name="IsForeign">Whether it belongs to another job that was not claimed.</param>
/// <param name="Epoch">Reign of the coordinator that restored it.</param>
/// <param name="Attempt">The attempt that began with it, from 0.</param>
/// <param name="RestoredAt">When all tasks ran.</param>
/// <param name="Duration">From the beginning of recovery to that.</param>
public sealed record RestoreReport(
    CheckpointId Id, string Path, CheckpointKind Kind, bool IsForeign, long Epoch, int Attempt,
    DateTimeOffset RestoredAt, TimeSpan Duration);
