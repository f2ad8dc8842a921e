using Checkpointing.SharedState;

namespace Checkpointing.CompletedCheckpoints;

/// <summary>What a checkpoint must do before it is listed again.</summary>
public static class CompletedCheckpointExtensions
{
    /// <summary>Makes the checkpoint an owner of its shared files. Recovery and claiming call it on each retained
    /// checkpoint
    /// <em>before</em> it is listed; otherwise the first incremental checkpoint after resuming refers to files that the
    /// registry does not know (Flink's FLINK-6964), or they are deleted under it.</summary>
    /// <exception cref="ConflictingSharedStateException">Two retained checkpoints disagree about a file.</exception>
    public static void RegisterSharedStatesAfterRestored(
        this CompletedCheckpoint checkpoint, SharedStateRegistry registry)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(registry);
        var owner = checkpoint.Owner();
        foreach (var subtask in checkpoint.Metadata.Operators.SelectMany(static o => o.Subtasks))
        {
            if (subtask.ManagedKeyed is { } managed)
            {
                registry.RegisterAll(managed, owner);
            }

            if (subtask.RawKeyed is { } raw)
            {
                registry.RegisterAll(raw, owner);
            }
        }
    }

    /// <summary>The checkpoint as an owner of shared files. Claimed checkpoints keep the name of the job that made
    /// them.</summary>
    internal static SharedStateOwner Owner(this CompletedCheckpoint checkpoint) =>
        SharedStateOwner.Checkpoint(checkpoint.Job, checkpoint.Id);
}
