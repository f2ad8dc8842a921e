using System.Runtime.InteropServices;

namespace Checkpointing.RocksDb.Native;

/// <summary>A fixed view of a database. Keeps the database open until disposed.</summary>
internal sealed class RocksSnapshot : SafeHandle
{
    private readonly DatabaseHandle _database;
    private readonly string _path;
    private bool _holdsDatabase;

    internal RocksSnapshot(DatabaseHandle database, string path)
        : base(0, ownsHandle: true)
    {
        _database = database;
        _path = path;
        database.DangerousAddRef(ref _holdsDatabase);

        // SAFETY: the reference keeps the database open until the snapshot is released.
        SetHandle(RocksDbLibrary.rocksdb_create_snapshot(database.DangerousGetHandle()));
        Sequence = RocksDbLibrary.rocksdb_snapshot_get_sequence_number(handle);
    }

    /// <summary>Sequence number of the newest write in it.</summary>
    internal ulong Sequence { get; }

    public override bool IsInvalid => handle == 0;

    /// <summary>Opens an iterator at this view; it holds the view until it is disposed.</summary>
    internal RocksIterator NewIterator(ColumnFamily columnFamily, ReadOnlySpan<byte> lower, ReadOnlySpan<byte> end)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        return new(_database, _path, columnFamily, lower, end, this, fillCache: false);
    }

    protected override bool ReleaseHandle()
    {
        // SAFETY: runs once; the reference is given back after the release.
        RocksDbLibrary.rocksdb_release_snapshot(_database.DangerousGetHandle(), handle);
        if (_holdsDatabase)
        {
            _holdsDatabase = false;
            _database.DangerousRelease();
        }

        return true;
    }
}
