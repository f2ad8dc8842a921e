namespace Checkpointing.StateHandles;

/// <summary>What a snapshot stored and what it used again.</summary>
/// <param name="NewBytes">Bytes that went through the process or were linked from the backend's files for the first
/// time.</param>
/// <param name="NewFiles">Files of those.</param>
/// <param name="ReusedBytes">Bytes behind placeholders and storage-side links and copies.</param>
/// <param name="ReusedFiles">Files of those.</param>
public readonly record struct SnapshotCost(long NewBytes, int NewFiles, long ReusedBytes, int ReusedFiles)
{
    /// <summary>How files got to their place: the new ones, and those linked or copied on the storage side. What a
    /// placeholder stands for was not moved.</summary>
    public TransferCounts Transfers { get; init; }

    /// <summary>Sum.</summary>
    public static SnapshotCost operator +(SnapshotCost left, SnapshotCost right) => new(
        left.NewBytes + right.NewBytes, left.NewFiles + right.NewFiles,
        left.ReusedBytes + right.ReusedBytes, left.ReusedFiles + right.ReusedFiles)
    {
        Transfers = left.Transfers + right.Transfers,
    };

    /// <summary>Sum.</summary>
    public static SnapshotCost Add(SnapshotCost left, SnapshotCost right) => left + right;
}
