using System.Runtime.InteropServices;

namespace Checkpointing.RocksDb.Native;

/// <summary>An iterator over the present rows of a column family between two bounds, opened as often as wanted without
/// managed memory. One caller at a time.</summary>
/// <remarks>
/// Keeps the database open only while it is open. RocksDB fixes the bounds when an iterator is made, so each opening
/// makes a new one: changing the bounds under a living iterator is answered with wrong rows.
/// </remarks>
internal sealed unsafe class RocksScan : SafeHandle
{
    private readonly DatabaseHandle _database;
    private readonly string _path;
    private readonly ColumnFamily _columnFamily;
    private byte* _bounds;
    private int _boundsLength;
    private nint _iterator;
    private bool _holdsDatabase;
    private bool _isStarted;
    private bool _isOnRow;

    /// <summary>Makes one that is not open.</summary>
    internal RocksScan(DatabaseHandle database, string path, ColumnFamily columnFamily)
        : base(0, ownsHandle: true)
    {
        _database = database;
        _path = path;
        _columnFamily = columnFamily;

        // SAFETY: the options are this handle's own and are freed once, by ReleaseHandle.
        SetHandle(RocksDbLibrary.rocksdb_readoptions_create());
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>Key of the current row, valid until the next move.</summary>
    internal ReadOnlySpan<byte> Key
    {
        get
        {
            ThrowIfNotOnRow();
            nuint length;
            var key = RocksDbLibrary.rocksdb_iter_key(_iterator, &length);
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
            var value = RocksDbLibrary.rocksdb_iter_value(_iterator, &length);
            return new(value, checked((int)length));
        }
    }

    /// <summary>Room for both bounds, to be filled before <see cref="Open"/>. Only while it is not open.</summary>
    internal Span<byte> Bounds(int length)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        if (_iterator != 0)
        {
            throw new InvalidOperationException("The scan is open; its bounds are fixed.");
        }

        if (length > _boundsLength)
        {
            _bounds = (byte*)NativeMemory.Realloc(_bounds, (nuint)length);
            _boundsLength = length;
        }

        return new(_bounds, length);
    }

    /// <summary>Opens it with the bounds given before.</summary>
    /// <param name="lowerLength">Length of the first key in the room.</param>
    /// <param name="endLength">Length of the end, exclusive, behind it.</param>
    internal void Open(int lowerLength, int endLength)
    {
        _database.DangerousAddRef(ref _holdsDatabase);

        // SAFETY: RocksDB keeps pointers to the bounds; they stay where they are until End. The reference keeps
        // database and column family alive.
        RocksDbLibrary.rocksdb_readoptions_set_iterate_lower_bound(handle, _bounds, (nuint)lowerLength);
        RocksDbLibrary.rocksdb_readoptions_set_iterate_upper_bound(handle, _bounds + lowerLength, (nuint)endLength);
        _iterator = RocksDbLibrary.rocksdb_create_iterator_cf(
            _database.DangerousGetHandle(), handle, _columnFamily.Handle);
        _isStarted = false;
        _isOnRow = false;
    }

    /// <summary>Moves to the next row (the first, the first time).</summary>
    /// <returns>False at the end of the rows, which is proved not to be damage.</returns>
    /// <exception cref="CheckpointCorruptException">A block is damaged: RocksDB ends the walk there as if it were
    /// over.</exception>
    internal bool MoveNext()
    {
        if (!_isStarted)
        {
            _isStarted = true;
            RocksDbLibrary.rocksdb_iter_seek_to_first(_iterator);
        }
        else if (_isOnRow)
        {
            RocksDbLibrary.rocksdb_iter_next(_iterator);
        }
        else
        {
            return false;
        }

        _isOnRow = RocksDbLibrary.rocksdb_iter_valid(_iterator) != 0;
        if (!_isOnRow)
        {
            byte* error = null;
            RocksDbLibrary.rocksdb_iter_get_error(_iterator, &error);
            RocksDbError.ThrowIfSet(error, _path);
        }

        return _isOnRow;
    }

    /// <summary>Ends the walk; it can be opened again.</summary>
    internal void End()
    {
        _isOnRow = false;
        if (_iterator != 0)
        {
            // SAFETY: the iterator goes before the database may; nobody uses it any more (one caller at a time).
            RocksDbLibrary.rocksdb_iter_destroy(_iterator);
            _iterator = 0;
        }

        if (_holdsDatabase)
        {
            _holdsDatabase = false;
            _database.DangerousRelease();
        }
    }

    protected override bool ReleaseHandle()
    {
        // SAFETY: runs once; order: iterator, its options, the bounds they point to, then the hold on the database.
        if (_iterator != 0)
        {
            RocksDbLibrary.rocksdb_iter_destroy(_iterator);
            _iterator = 0;
        }

        RocksDbLibrary.rocksdb_readoptions_destroy(handle);
        NativeMemory.Free(_bounds);
        _bounds = null;
        if (_holdsDatabase)
        {
            _holdsDatabase = false;
            _database.DangerousRelease();
        }

        return true;
    }

    private void ThrowIfNotOnRow()
    {
        if (!_isOnRow)
        {
            throw new InvalidOperationException(
                "There is no current row: call MoveNext first, and stop when it is false.");
        }
    }
}
