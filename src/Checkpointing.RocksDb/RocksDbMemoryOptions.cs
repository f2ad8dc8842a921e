namespace Checkpointing.RocksDb;

/// <summary>How much memory all RocksDB backends together may take. Values only.</summary>
public sealed class RocksDbMemoryOptions
{
    /// <summary>Bytes for new rows and for blocks read, of all backends together, 8 MiB to 1 TiB. Default: 512
    /// MiB.</summary>
    public long BudgetBytes { get; set; } = 512L << 20;

    /// <summary>Share of the budget for new rows that are not in files yet, 0.1 to 0.9; the rest is for blocks read.
    /// Default: 0.5.</summary>
    public double WriteBufferShare { get; set; } = 0.5;

    /// <summary>Checks every setting; <see cref="RocksDbMemory"/> calls it.</summary>
    /// <exception cref="ArgumentException">A setting is outside its range; the message names it.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(BudgetBytes, 8L << 20);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(BudgetBytes, 1L << 40);
        if (!(WriteBufferShare >= 0.1 && WriteBufferShare <= 0.9))
        {
            throw new ArgumentOutOfRangeException(
                nameof(WriteBufferShare), WriteBufferShare, "The share of write buffers is 0.1 to 0.9.");
        }
    }
}
