using Checkpointing.Storage;
using Checkpointing.Storage.InMemory;
using Checkpointing.Testing.Storage;

namespace Checkpointing.Tests.State;

/// <summary>A storage in memory that refuses to create files, or to sync folders, after a number of them.</summary>
internal sealed class RefusingStorage() : ForwardingStorage(new InMemoryCheckpointStorage())
{
    public int CreationsUntilRefusal { get; set; } = int.MaxValue;

    public bool RefusesSync { get; set; }

    public override ValueTask<IStorageWriter> CreateAsync(string path, CancellationToken cancellationToken) =>
        CreationsUntilRefusal-- > 0
            ? base.CreateAsync(path, cancellationToken)
            : throw new CheckpointStorageUnavailableException(path, "could not be written: no space left.");

    public override ValueTask SyncFoldersAsync(
        IReadOnlyCollection<string> folders, CancellationToken cancellationToken) =>
        RefusesSync
            ? throw new CheckpointStorageUnavailableException(folders.First(), "could not be synced.")
            : base.SyncFoldersAsync(folders, cancellationToken);
}
