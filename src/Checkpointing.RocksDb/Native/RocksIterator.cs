using System.Runtime.InteropServices;

namespace Checkpointing.RocksDb.Native;

/// <summary>Walks over the rows of a column family between two bounds, in order. One caller at a time.</summary>
/// <remarks>Keeps the database open, the snapshot held and the bounds in memory until disposed.</remarks>
internal sealed unsafe class RocksIterator : SafeHandle
{
    private readonly SafeHandle _parent;
    private readonly string _path;
    private nint _options;
    private byte* _bounds;
    private bool _holdsParent;
    private bool _started;

    /// <summary>Opens an iterator at a snapshot, or at the present if there is none.</summary>
    /// <param name="database">The database.</param>
    /// <param name="path">Its folder, for messages.</param>
    /// <param name="columnFamily">Whose rows.</param>
    /// <param name="lower">First key.</param>
    /// <param name="end">End of the keys, exclusive.</param>
    /// <param name="snapshot">A snapshot of the database, or null.</param>
    /// <param name="fillCache">Whether the blocks read stay in the cache.</param>
    internal RocksIterator(
        DatabaseHandle database, string path, ColumnFamily columnFamily,
        ReadOnlySpan<byte> lower, ReadOnlySpan<byte> end, RocksSnapshot? snapshot, bool fillCache)
        : base(0, ownsHandle: true)
    {
        _parent = (SafeHandle?)snapshot ?? database;
        _path = path;
        _parent.DangerousAddRef(ref _holdsParent);

        // SAFETY: RocksDB keeps pointers to the bounds, so they lie in memory of our own that lives as long as the
        // iterator and its options; the reference to the parent keeps snapshot, database and column family alive.
        _bounds = (byte*)NativeMemory.Alloc((nuint)Math.Max(lower.Length + end.Length, 1));
        lower.CopyTo(new Span<byte>(_bounds, lower.Length));
        end.CopyTo(new Span<byte>(_bounds + lower.Length, end.Length));
        _options = RocksDbLibrary.rocksdb_readoptions_create();
        RocksDbLibrary.rocksdb_readoptions_set_iterate_lower_bound(_options, _bounds, (nuint)lower.Length);
        RocksDbLibrary.rocksdb_readoptions_set_iterate_upper_bound(_options, _bounds + lower.Length, (nuint)end.Length);
        RocksDbLibrary.rocksdb_readoptions_set_fill_cache(_options, fillCache ? (byte)1 : (byte)0);
        if (snapshot is not null)
        {
            RocksDbLibrary.rocksdb_readoptions_set_snapshot(_options, snapshot.DangerousGetHandle());
        }

        SetHandle(RocksDbLibrary.rocksdb_create_iterator_cf(
            database.DangerousGetHandle(), _options, columnFamily.Handle));
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>Key of the current row, valid until the next move.</summary>
    internal ReadOnlySpan<byte> Key
    {
        get
        {
            ThrowIfNotOnRow();
            nuint length;
            var key = RocksDbLibrary.rocksdb_iter_key(handle, &length);
            return new(key, checked((int)length));
        }
    }

    /// <summary>Value of the current row, valid until the next move.</summary>
    internal ReadOnlySpan<byte> Value
    {
        get
        {
            ThrowIfNotOnRow();
            nuint length;
            var value = RocksDbLibrary.rocksdb_iter_value(handle, &length);
            return new(value, checked((int)length));
        }
    }

    private bool IsOnRow { get; set; }

    /// <summary>Moves to the next row (the first, the first time).</summary>
    /// <returns>False at the end of the rows, which is proved not to be damage.</returns>
    /// <exception cref="CheckpointCorruptException">A block is damaged: RocksDB ends the walk there as if it were
    /// over.</exception>
    internal bool MoveNext()
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);

        // SAFETY: one caller at a time and not disposed, so the handle is alive throughout.
        if (!_started)
        {
            _started = true;
            RocksDbLibrary.rocksdb_iter_seek_to_first(handle);
        }
        else if (IsOnRow)
        {
            RocksDbLibrary.rocksdb_iter_next(handle);
        }
        else
        {
            return false;
        }

        IsOnRow = RocksDbLibrary.rocksdb_iter_valid(handle) != 0;
        if (!IsOnRow)
        {
            byte* error = null;
            RocksDbLibrary.rocksdb_iter_get_error(handle, &error);
            RocksDbError.ThrowIfSet(error, _path);
        }

        return IsOnRow;
    }

    protected override bool ReleaseHandle()
    {
        // SAFETY: runs once; order: iterator, its options, the bounds they point to, then the hold on the parent.
        RocksDbLibrary.rocksdb_iter_destroy(handle);
        RocksDbLibrary.rocksdb_readoptions_destroy(_options);
        NativeMemory.Free(_bounds);
        _options = 0;
        _bounds = null;
        if (_holdsParent)
        {
            _holdsParent = false;
            _parent.DangerousRelease();
        }

        return true;
    }

    private void ThrowIfNotOnRow()
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        if (!IsOnRow)
        {
            throw new InvalidOperationException(
                "There is no current row: call MoveNext first, and stop when it is false.");
        }
    }
}
