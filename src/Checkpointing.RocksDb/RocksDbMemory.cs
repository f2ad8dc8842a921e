using Checkpointing.RocksDb.Native;

namespace Checkpointing.RocksDb;

/// <summary>Memory that the RocksDB backends of a process share: one budget, whatever their number.</summary>
/// <remarks>
/// Make one, and give it to the options of each factory. New rows of all backends count against one limit: the backend
/// that is written to when it is reached writes some to files, earlier than its own
/// <see cref="RocksDbBackendOptions.WriteBufferSizeBytes"/> asks for. Writers never wait for each other, so the limit
/// may be passed while files are being written. Each backend keeps a block cache of its own (a shared one would hide
/// damaged files), all of them share the rest of the budget evenly, and their sizes follow when backends come and go.
/// Safe for concurrent calls. Disposing it takes nothing from open backends.
/// </remarks>
public sealed class RocksDbMemory : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<(nint Cache, long MostBytes)> _caches = [];
    private readonly WriteBufferBudget _writeBuffers;

    /// <summary>Makes a budget.</summary>
    /// <param name="options">Settings; copied.</param>
    /// <exception cref="ArgumentException">A setting is outside its range.</exception>
    public RocksDbMemory(RocksDbMemoryOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        BudgetBytes = options.BudgetBytes;
        WriteBufferBudgetBytes = (long)(options.BudgetBytes * options.WriteBufferShare);
        _writeBuffers = new(WriteBufferBudgetBytes);
    }

    /// <summary>Bytes for everything.</summary>
    public long BudgetBytes { get; }

    /// <summary>Bytes of these for new rows.</summary>
    public long WriteBufferBudgetBytes { get; }

    /// <summary>What is in use now, bytes.</summary>
    public RocksDbMemoryUsage GetUsage()
    {
        lock (_lock)
        {
            long cached = 0;
            foreach (var (cache, _) in _caches)
            {
                // SAFETY: a cache is taken from the list, under this lock, before it is freed.
                cached += (long)RocksDbLibrary.rocksdb_cache_get_usage(cache);
            }

            return new(_writeBuffers.UsedBytes, cached, _caches.Count);
        }
    }

    /// <summary>No further backend can be opened with it; open ones go on.</summary>
    public void Dispose() => _writeBuffers.Dispose();

    /// <summary>Makes a database's new rows count here.</summary>
    internal void AddTo(nint databaseOptions) => _writeBuffers.AddTo(databaseOptions);

    /// <summary>Gives a cache its part of the budget, now and when others come and go.</summary>
    internal void Add(nint cache, long mostBytes)
    {
        lock (_lock)
        {
            _caches.Add((cache, mostBytes));
            ShareNeedsLock();
        }
    }

    /// <summary>The cache is about to be freed.</summary>
    internal void Remove(nint cache)
    {
        lock (_lock)
        {
            _caches.RemoveAll(one => one.Cache == cache);
            ShareNeedsLock();
        }
    }

    private void ShareNeedsLock()
    {
        foreach (var (cache, mostBytes) in _caches)
        {
            var part = (BudgetBytes - WriteBufferBudgetBytes) / _caches.Count;

            // SAFETY: a cache is taken from the list, under this lock, before it is freed.
            RocksDbLibrary.rocksdb_cache_set_capacity(cache, (nuint)Math.Min(part, mostBytes));
        }
    }
}

/// <summary>Memory in use by the backends that share a <see cref="RocksDbMemory"/>.</summary>
/// <param name="WriteBufferBytes">Bytes of rows that are not in files yet.</param>
/// <param name="BlockCacheBytes">Bytes of blocks, indexes and filters read.</param>
/// <param name="Databases">Open databases: one a backend, and for a moment some more during a restore.</param>
public readonly record struct RocksDbMemoryUsage(long WriteBufferBytes, long BlockCacheBytes, int Databases);
