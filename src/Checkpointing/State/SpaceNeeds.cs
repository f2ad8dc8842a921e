using System.Globalization;
using Checkpointing.Storage;

namespace Checkpointing.State;

/// <summary>What the next snapshot of a subtask is likely to store, and whether there is room for it.</summary>
/// <remarks>The estimate is a quarter more than the last snapshot stored. Subtasks do not know of each other's: that is
/// what the storage's reserve is for. Safe for concurrent calls.</remarks>
internal sealed class SpaceNeeds
{
    private long _lastBytes;

    internal void Learn(long newBytes) => Volatile.Write(ref _lastBytes, newBytes);

    /// <exception cref="CheckpointDeclinedException">There is too little room; nothing was written.</exception>
    internal async ValueTask CheckAsync(
        ICheckpointStorage storage, CheckpointId checkpointId, CancellationToken cancellationToken)
    {
        if (await storage.GetSpaceAsync(cancellationToken).ConfigureAwait(false) is not { } space)
        {
            return;
        }

        var last = Volatile.Read(ref _lastBytes);
        var needed = last + (last / 4);
        if (space.FreeBytes - needed < space.ReservedBytes)
        {
            throw new CheckpointDeclinedException(
                checkpointId, CheckpointFailureReason.InsufficientSpace, string.Create(
                    CultureInfo.InvariantCulture,
                    $"'{space.Volume}' has {space.FreeBytes} bytes free; the snapshot needs about {needed}, and "
                    + $"{space.ReservedBytes} are to stay free. Free some space, or lower the storage's reserve"));
        }
    }
}
