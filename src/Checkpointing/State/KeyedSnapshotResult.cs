using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.State;

/// <summary>What a keyed snapshot gave.</summary>
/// <param name="Handle">Where the state is; null if there is none.</param>
/// <param name="Cost">What it cost.</param>
/// <param name="GivenUp">Keys of earlier uploads of this backend that it will never refer to again.</param>
public sealed record KeyedSnapshotResult(
    KeyedStateHandle? Handle, SnapshotCost Cost, IReadOnlyList<SharedStateKey> GivenUp)
{
    /// <summary>Files that were brought to their place, each with the way it took; counted in the cost.</summary>
    public IReadOnlyList<FileTransfer> Transfers { get; init; } = [];

    /// <summary>The result of a snapshot that is one file, made by a writer of the storage.</summary>
    public static KeyedSnapshotResult OfStreamed(KeyGroupsStateHandle handle)
    {
        ArgumentNullException.ThrowIfNull(handle);
        var transfer = new FileTransfer(
            StoredStream.PathOf(handle.Stream), handle.SizeBytes, FileTransferKind.Stream);
        return new(handle, new(handle.SizeBytes, 1, 0, 0) { Transfers = transfer.Counts }, [])
        {
            Transfers = [transfer],
        };
    }
}
