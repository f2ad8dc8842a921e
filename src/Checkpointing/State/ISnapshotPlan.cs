namespace Checkpointing.State;

/// <summary>The second part of a subtask's snapshot; the first part was the call that returned it.</summary>
/// <remarks>Written once, on any thread, beside the running subtask. Disposed unwritten or after a failure it lets go
/// of
/// pins and of uploads that no message has named. The maker disposes it.</remarks>
public interface ISnapshotPlan : IAsyncDisposable
{
    /// <summary>The checkpoint.</summary>
    CheckpointId CheckpointId { get; }

    /// <summary>Transfers what is new.</summary>
    /// <param name="cancellationToken">Observed between two files.</param>
    /// <exception cref="CheckpointingException">The snapshot failed; decline the checkpoint. Nothing durable is
    /// lost.</exception>
    ValueTask<SubtaskSnapshot> WriteAsync(CancellationToken cancellationToken);
}
