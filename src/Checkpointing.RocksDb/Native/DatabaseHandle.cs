using System.Runtime.InteropServices;
using Checkpointing.RocksDb.Working;

namespace Checkpointing.RocksDb.Native;

/// <summary>An open database with all that must end after it or just before it, freed together in the one right
/// order.</summary>
/// <remarks>Iterators and snapshots hold a reference (<see cref="SafeHandle.DangerousAddRef"/>), so the database closes
/// only
/// after the last of them: closing it earlier would end the process.</remarks>
internal sealed class DatabaseHandle : SafeHandle
{
    private readonly List<nint> _columnFamilies = [];
    private readonly DatabaseOptions _options;
    private readonly BookkeepingFolder? _bookkeeping;

    internal DatabaseHandle(DatabaseOptions options, BookkeepingFolder? bookkeeping)
        : base(0, ownsHandle: true)
    {
        _options = options;
        _bookkeeping = bookkeeping;
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>Where its bookkeeping is; null: beside its rows.</summary>
    internal string? BookkeepingPath => _bookkeeping?.Path;

    /// <summary>Takes ownership of an open database.</summary>
    internal void SetDatabase(nint db) => SetHandle(db);

    /// <summary>Takes ownership of a column family's handle.</summary>
    internal void AddColumnFamily(nint columnFamily) => _columnFamilies.Add(columnFamily);

    protected override bool ReleaseHandle()
    {
        // SAFETY: runs once, when nobody holds a reference; order: column families, database, options and cache.
        foreach (var columnFamily in _columnFamilies)
        {
            RocksDbLibrary.rocksdb_column_family_handle_destroy(columnFamily);
        }

        RocksDbLibrary.rocksdb_cancel_all_background_work(handle, 1);
        RocksDbLibrary.rocksdb_close(handle);
        _options.Free();
        _bookkeeping?.Remove();
        return true;
    }
}
