using Checkpointing.Storage;
using Checkpointing.Testing.Storage;

namespace Checkpointing.RocksDb.Tests;

/// <summary>A storage whose creations fail once, after some have succeeded.</summary>
internal sealed class FailingStorage(ICheckpointStorage inner, int failAfter) : ForwardingStorage(inner)
{
    private int _left = failAfter;

    public override ILocalFileTransfer? LocalFiles => null;

    public override ValueTask<IStorageWriter> CreateAsync(string path, CancellationToken cancellationToken) =>
        Interlocked.Decrement(ref _left) == -1
            ? throw new CheckpointStorageUnavailableException(path, "cannot be written: the test says so.")
            : base.CreateAsync(path, cancellationToken);
}
