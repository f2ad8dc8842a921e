using Checkpointing.Storage;
using Checkpointing.Testing.Storage;

namespace Checkpointing.RocksDb.Tests;

/// <summary>A storage that has no way but streams, as an object store.</summary>
internal sealed class StreamOnlyStorage(ICheckpointStorage inner) : ForwardingStorage(inner)
{
    public override ILocalFileTransfer? LocalFiles => null;
}
