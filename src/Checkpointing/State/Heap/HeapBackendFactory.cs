using Checkpointing.StateHandles;

namespace Checkpointing.State.Heap;

/// <summary>Makes backends that keep state in memory. The default, and the measure for others.</summary>
/// <remarks>Snapshots are full: one file a subtask and checkpoint, written beside the running subtask. For state that
/// outgrows
/// memory, or changes little between checkpoints, take the RocksDB backend; it restores the same files.</remarks>
public sealed class HeapBackendFactory : IKeyedStateBackendFactory
{
    /// <inheritdoc/>
    /// <exception cref="UnsupportedFormatException">An incremental snapshot is to be restored.</exception>
    public async ValueTask<KeyedStateBackend> OpenAsync(
        KeyedStateBackendContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        var backend = new HeapBackend(context);
        foreach (var handle in context.RestoreFrom)
        {
            if (handle is not KeyGroupsStateHandle full)
            {
                throw new UnsupportedFormatException(
                    handle is IncrementalKeyedStateHandle incremental
                        ? StoredStream.PathOf(incremental.MetaFile)
                        : $"state of operator '{context.Operator}'",
                    "an incremental snapshot",
                    "full snapshots; take a canonical savepoint with the backend that wrote it, or use "
                    + "the RocksDB backend");
            }

            await backend.RestoreAsync(full, cancellationToken).ConfigureAwait(false);
        }

        return backend;
    }
}
