namespace Checkpointing.State;

/// <summary>The second part of a snapshot. Holds files and native resources until disposed.</summary>
/// <remarks>Written once, on any thread, beside the running backend. Disposed unwritten, or after a failed write, it
/// lets go
/// of pins and deletes exclusive files that it has made; finished uploads of shared files are kept for the next
/// snapshot.</remarks>
public abstract class KeyedStateSnapshot : IAsyncDisposable
{
    /// <summary>Transfers what is new and says where all of it is.</summary>
    /// <returns>The handle and its cost; a null handle if there is no state at all.</returns>
    /// <exception cref="CheckpointingException">The snapshot failed; nothing durable is lost.</exception>
    public abstract ValueTask<KeyedSnapshotResult> WriteAsync(CancellationToken cancellationToken);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
