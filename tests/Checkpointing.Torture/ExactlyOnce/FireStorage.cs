using Checkpointing.Storage;
using Checkpointing.Testing.Storage;

namespace Checkpointing.Torture.ExactlyOnce;

/// <summary>A storage that says at times that it has no space left.</summary>
internal sealed class FireStorage(ICheckpointStorage inner, FireSwitchboard switchboard) : ForwardingStorage(inner)
{
    private readonly ICheckpointStorage _inner = inner;

    public override async ValueTask<StorageSpace?> GetSpaceAsync(CancellationToken cancellationToken)
    {
        var space = await _inner.GetSpaceAsync(cancellationToken).ConfigureAwait(false);
        return space is not null && switchboard.IsSpaceUsedUp() ? space with { FreeBytes = 0 } : space;
    }
}
