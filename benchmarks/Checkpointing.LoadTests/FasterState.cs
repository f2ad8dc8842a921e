using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using FASTER.core;
using Session = FASTER.core.ClientSession<
    System.Guid,
    Checkpointing.LoadTests.FasterState.FasterValue,
    Checkpointing.LoadTests.FasterState.FasterValue,
    Checkpointing.LoadTests.FasterState.FasterValue,
    FASTER.core.Empty,
    FASTER.core.SimpleFunctions<System.Guid, Checkpointing.LoadTests.FasterState.FasterValue>>;

namespace Checkpointing.LoadTests;

/// <summary>The same rows in FASTER: fixed-size keys and values, log on disk, all of the state in memory.</summary>
internal sealed class FasterState : IDisposable
{
    // Above, the state is larger than memory, as with RocksDB.
    private const int MaxMemoryBits = 32;

    private readonly IDevice _log;
    private readonly FasterKV<Guid, FasterValue> _store;
    private readonly Session _session;
    private readonly string _folder;

    /// <summary>Opens it, empty, or as its newest checkpoint has it.</summary>
    internal FasterState(string folder, long stateBytes, bool recovers = false)
    {
        _folder = folder;
        Directory.CreateDirectory(folder);
        _log = Devices.CreateLogDevice(Path.Combine(folder, "hlog.log"));
        var memoryBits = Math.Clamp((int)Math.Ceiling(Math.Log2(2.0 * stateBytes)), 26, MaxMemoryBits);
        _store = new(
            1L << Math.Clamp(memoryBits - 9, 16, 26),
            new LogSettings { LogDevice = _log, MemorySizeBits = memoryBits, PageSizeBits = 22, MutableFraction = 0.9 },
            new CheckpointSettings { CheckpointDir = Path.Combine(folder, "checkpoints") });
        if (recovers)
        {
            _store.Recover();
        }

        _session = _store.For(new SimpleFunctions<Guid, FasterValue>())
            .NewSession<SimpleFunctions<Guid, FasterValue>>();
    }

    /// <summary>Bytes in its files.</summary>
    internal long StoredBytes => FileSystem.BytesBelow(_folder);

    /// <summary>Reads a row; false: it is not there.</summary>
    internal bool Get(int row)
    {
        var key = Rows.Key(row);
        var value = default(FasterValue);
        var status = _session.Read(ref key, ref value);
        if (status.IsPending)
        {
            _session.CompletePendingWithOutputs(out var outputs, wait: true);
            using (outputs)
            {
                return outputs.Next() && outputs.Current.Status.Found;
            }
        }

        return status.Found;
    }

    /// <summary>Takes a checkpoint while its only writer goes on to write.</summary>
    /// <returns>The longest time that the writer waited for one row, in milliseconds.</returns>
    internal double LongestWaitMs(int first, int count, int version)
    {
        var longest = 0.0;
        var last = Stopwatch.GetTimestamp();
        if (!_store.TryInitiateHybridLogCheckpoint(out _, CheckpointType.Snapshot, tryIncremental: true))
        {
            throw new InvalidOperationException("FASTER takes a checkpoint already.");
        }

        var completion = _store.CompleteCheckpointAsync().AsTask();
        for (var row = first; !completion.IsCompleted; row = first + ((row + 1 - first) % count))
        {
            Put(row, 1, version);
            longest = Math.Max(longest, Stopwatch.GetElapsedTime(last).TotalMilliseconds);
            last = Stopwatch.GetTimestamp();
        }

        completion.GetAwaiter().GetResult();
        return Math.Max(longest, Stopwatch.GetElapsedTime(last).TotalMilliseconds);
    }

    internal void Put(int first, int count, int version)
    {
        for (var row = first; row < first + count; row++)
        {
            var key = Rows.Key(row);
            var value = default(FasterValue);
            Rows.Value(row, version, value.Bytes);
            _session.Upsert(ref key, ref value);
        }

        _session.CompletePending(wait: true);
    }

    /// <summary>Takes a checkpoint and syncs what it wrote, as ours does.</summary>
    internal async Task CheckpointAsync(CheckpointType type, bool isIncremental, CancellationToken cancellationToken)
    {
        if (!_store.TryInitiateHybridLogCheckpoint(out _, type, tryIncremental: isIncremental))
        {
            throw new InvalidOperationException("FASTER takes a checkpoint already.");
        }

        await _store.CompleteCheckpointAsync(cancellationToken).ConfigureAwait(false);
        foreach (var file in Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories))
        {
            using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            RandomAccess.FlushToDisk(handle);
        }
    }

    public void Dispose()
    {
        _session.Dispose();
        _store.Dispose();
        _log.Dispose();
    }

    /// <summary>A value of the rows' size.</summary>
    [StructLayout(LayoutKind.Sequential, Size = Rows.ValueBytes)]
    internal struct FasterValue
    {
        private byte _first;

        [UnscopedRef]
        internal Span<byte> Bytes => MemoryMarshal.CreateSpan(ref _first, Rows.ValueBytes);
    }
}
