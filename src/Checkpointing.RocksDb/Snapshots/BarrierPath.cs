namespace Checkpointing.RocksDb.Snapshots;

/// <summary>How a barrier was raised: without waiting, or why it had to wait for the flush.</summary>
internal enum BarrierPath
{
    /// <summary>Memtables were sealed; the flush goes on behind the writer.</summary>
    NotWaited = 0,

    /// <summary>RocksDB had stopped writes: too many memtables wait for their flush.</summary>
    WritesStopped = 1,

    /// <summary>Something was written while the barrier was raised.</summary>
    WrittenMeanwhile = 2,

    /// <summary>A memtable was not sealed though RocksDB reported no error.</summary>
    NotSealed = 3,
}
