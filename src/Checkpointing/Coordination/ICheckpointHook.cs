using Checkpointing.StateHandles;

namespace Checkpointing.Coordination;

/// <summary>State of a hook, as it lies in a checkpoint's metadata.</summary>
/// <param name="Version">Version of its layout; the hook's to count.</param>
/// <param name="Data">Its bytes; small, for they are kept in memory with the metadata.</param>
public sealed record HookState(int Version, ValueList<byte> Data);

/// <summary>Something beside the subtasks that has to know when a checkpoint is taken or restored, with a little
/// state of
/// its own: for example the position of an outer system. Flink's master hook.</summary>
/// <remarks>
/// <para>Hooks are called one after the other, in the order in which they were added, and never two at a time. At a
/// trigger they come before any subtask hears of the checkpoint. What a hook throws, or that it does not answer within
/// <see cref="CheckpointCoordinatorOptions.HookTimeout"/>, fails that checkpoint, with nothing pending.</para>
/// <para>Borrowed by the coordinator, never disposed.</para>
/// </remarks>
public interface ICheckpointHook
{
    /// <summary>Name under which its state is stored: its identity across versions of the program. 1 to 200 characters,
    /// no slash; unique in a job.</summary>
    string Name { get; }

    /// <summary>A checkpoint begins.</summary>
    /// <param name="checkpoint">The checkpoint; it is pending already.</param>
    /// <param name="triggeredAt">When it was triggered.</param>
    /// <param name="cancellationToken">Cancelled at the deadline.</param>
    /// <returns>What to store; null: nothing.</returns>
    ValueTask<HookState?> TriggerAsync(
        CheckpointId checkpoint, DateTimeOffset triggeredAt, CancellationToken cancellationToken);

    /// <summary>An attempt begins; forget what the one before left behind. <see cref="RestoreAsync"/> follows if there
    /// is a checkpoint to start from.</summary>
    ValueTask ResetAsync(CancellationToken cancellationToken);

    /// <summary>The job starts from a checkpoint.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="state">What this hook stored with it; null: nothing, or it was not there then.</param>
    /// <param name="cancellationToken">Cancelled at the deadline, or when the caller gives up.</param>
    ValueTask RestoreAsync(CheckpointId checkpoint, HookState? state, CancellationToken cancellationToken);
}

/// <summary>A hook of the coordinator failed or did not answer in time. The inner exception says why.</summary>
public sealed class CheckpointHookException(string hook, string problem, Exception? innerException = null)
    : CheckpointingException($"Hook '{hook}' {problem}.", innerException)
{
    /// <summary>Name of the hook.</summary>
    public string Hook { get; } = hook;

    /// <inheritdoc/>
    public override bool IsTransient => InnerException is TimeoutException or CheckpointingException
    {
        IsTransient: true,
    };
}
