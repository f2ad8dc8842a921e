using Checkpointing.KeyGroups;

namespace Checkpointing.RocksDb.Native;

internal sealed partial class DatabaseOptions
{
    private nint _ownedRowsFilter;
    private KeyGroupRange? _owned;

    /// <summary>Options of column families that may hold foreign rows; 0 until the owned range was set.</summary>
    internal nint OwnedRowsOnly { get; private set; }

    /// <summary>Makes <see cref="OwnedRowsOnly"/>.</summary>
    internal void SetOwnedRange(KeyGroupRange owned)
    {
        if (OwnedRowsOnly != 0)
        {
            throw new InvalidOperationException("The owned range of a database is set once.");
        }

        _owned = owned;
        _ownedRowsFilter = OwnedRowsFilter.Create(owned);
        OwnedRowsOnly = RocksDbLibrary.rocksdb_options_create_copy(Database);
        RocksDbLibrary.rocksdb_options_set_compaction_filter(OwnedRowsOnly, _ownedRowsFilter);
    }

    private void FreeOwnedRange()
    {
        // SAFETY: once, after the database is closed: no compaction calls the filter any more.
        if (OwnedRowsOnly != 0)
        {
            RocksDbLibrary.rocksdb_options_destroy(OwnedRowsOnly);
            RocksDbLibrary.rocksdb_compactionfilter_destroy(_ownedRowsFilter);
        }
    }
}
