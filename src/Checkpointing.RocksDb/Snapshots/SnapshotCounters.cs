using Checkpointing.StateHandles;

namespace Checkpointing.RocksDb.Snapshots;

/// <summary>What the snapshots of one backend did so far. Safe for concurrent calls.</summary>
internal sealed class SnapshotCounters
{
    private readonly long[] _barriers = new long[Enum.GetValues<BarrierPath>().Length];
    private readonly Lock _lock = new();
    private TransferCounts _transfers;
    private long _cutFiles;
    private long _straddlingFiles;
    private long _exportedFiles;
    private long _exportedBytes;
    private long _patchedFamilies;

    /// <summary>Files that held rows of both sides of a barrier when its catalogue was made.</summary>
    internal long StraddlingFiles => Interlocked.Read(ref _straddlingFiles);

    /// <summary>Live files when catalogues were made.</summary>
    internal long CutFiles => Interlocked.Read(ref _cutFiles);

    /// <summary>Files that were written in place of straddling ones.</summary>
    internal long ExportedFiles => Interlocked.Read(ref _exportedFiles);

    /// <summary>Their bytes.</summary>
    internal long ExportedBytes => Interlocked.Read(ref _exportedBytes);

    /// <summary>Column families of a snapshot whose exported rows lie over kept files.</summary>
    internal long PatchedFamilies => Interlocked.Read(ref _patchedFamilies);

    /// <summary>How stored files got to their place.</summary>
    internal TransferCounts Transfers
    {
        get
        {
            lock (_lock)
            {
                return _transfers;
            }
        }
    }

    /// <summary>Barriers raised on a path.</summary>
    internal long Barriers(BarrierPath path) => Interlocked.Read(ref _barriers[(int)path]);

    internal void AddBarrier(BarrierPath path) => Interlocked.Increment(ref _barriers[(int)path]);

    internal void AddTransfers(TransferCounts transfers)
    {
        lock (_lock)
        {
            _transfers += transfers;
        }
    }

    internal void AddCut(int liveCount, int straddlingCount)
    {
        Interlocked.Add(ref _cutFiles, liveCount);
        Interlocked.Add(ref _straddlingFiles, straddlingCount);
    }

    internal void AddPatch() => Interlocked.Increment(ref _patchedFamilies);

    internal void AddExport(long sizeBytes)
    {
        Interlocked.Increment(ref _exportedFiles);
        Interlocked.Add(ref _exportedBytes, sizeBytes);
    }
}
