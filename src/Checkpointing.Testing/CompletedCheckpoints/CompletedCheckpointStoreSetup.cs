using Checkpointing.CompletedCheckpoints;
using Checkpointing.Storage;

namespace Checkpointing.Testing.CompletedCheckpoints;

/// <summary>What a case of <see cref="CompletedCheckpointStoreConformance"/> works on: an empty register and an empty
/// storage.</summary>
/// <param name="register">The medium under test. Disposed with the setup, if it can be.</param>
/// <param name="storage">Where the checkpoints go. Disposed with the setup, if it can be.</param>
public sealed class CompletedCheckpointStoreSetup(ICheckpointRegister register, ICheckpointStorage storage)
    : IAsyncDisposable
{
    /// <summary>The medium under test.</summary>
    public ICheckpointRegister Register { get; } = register;

    /// <summary>Where the checkpoints go.</summary>
    public ICheckpointStorage Storage { get; } = storage;

    /// <summary>Disposes both.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var part in new object[] { Register, Storage })
        {
            switch (part)
            {
                case IAsyncDisposable disposable:
                    await disposable.DisposeAsync().ConfigureAwait(false);
                    break;
                case IDisposable disposable:
                    disposable.Dispose();
                    break;
            }
        }
    }
}
