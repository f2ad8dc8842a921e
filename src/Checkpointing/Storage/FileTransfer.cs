using System.Diagnostics;
using Checkpointing.StateHandles;

namespace Checkpointing.Storage;

/// <summary>One file that was brought into a storage, within it or out of it.</summary>
/// <param name="Path">Its path in the storage: the new one, or the one that was read.</param>
/// <param name="LengthBytes">Its length.</param>
/// <param name="Kind">How it was done.</param>
public readonly record struct FileTransfer(string Path, long LengthBytes, FileTransferKind Kind)
{
    /// <summary>This one file, counted.</summary>
    public TransferCounts Counts => Kind switch
    {
        FileTransferKind.HardLink => TransferCounts.Linked(LengthBytes),
        FileTransferKind.Reflink => TransferCounts.Reflinked(LengthBytes),
        FileTransferKind.Copy => TransferCounts.Copied(LengthBytes),
        FileTransferKind.Stream => TransferCounts.Streamed(LengthBytes),
        _ => throw new UnreachableException($"No such way: {Kind}."),
    };

    /// <summary>Many, counted.</summary>
    public static TransferCounts Count(IEnumerable<FileTransfer> transfers) =>
        transfers.Aggregate(default(TransferCounts), static (sum, transfer) => sum + transfer.Counts);
}
