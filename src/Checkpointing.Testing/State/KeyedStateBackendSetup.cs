using Checkpointing.State;
using Checkpointing.Storage;

namespace Checkpointing.Testing.State;

/// <summary>A kind of keyed state backend and the storage it is tested on.</summary>
/// <param name="factory">Makes the backends.</param>
/// <param name="storage">Empty.</param>
/// <param name="cleanUp">Runs after the case: disposes factory and storage, deletes working folders.</param>
public sealed class KeyedStateBackendSetup(
    IKeyedStateBackendFactory factory, ICheckpointStorage storage, Func<ValueTask>? cleanUp = null) : IAsyncDisposable
{
    /// <summary>Makes the backends.</summary>
    public IKeyedStateBackendFactory Factory { get; } = factory;

    /// <summary>The storage.</summary>
    public ICheckpointStorage Storage { get; } = storage;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => cleanUp?.Invoke() ?? ValueTask.CompletedTask;
}
