using Checkpointing.RocksDb;
using Checkpointing.State;

namespace Checkpointing.LoadTests;

/// <summary>Remembers what a factory opened, so that a load test can reach the database below.</summary>
internal sealed class OpenedBackends(RocksDbBackendFactory inner) : IKeyedStateBackendFactory
{
    /// <summary>The newest opened.</summary>
    internal RocksDbKeyedStateBackend Last { get; private set; } = null!;

    public async ValueTask<KeyedStateBackend> OpenAsync(
        KeyedStateBackendContext context, CancellationToken cancellationToken)
    {
        var opened = await inner.OpenAsync(context, cancellationToken).ConfigureAwait(false);
        Last = (RocksDbKeyedStateBackend)opened;
        return opened;
    }
}
