using System.Buffers;
using System.Runtime.InteropServices;
using Checkpointing.RocksDb.Working;

namespace Checkpointing.RocksDb.Native;

/// <summary>An open RocksDB database: rows by column family, iterators, snapshots, flushes and the list of its
/// files.</summary>
/// <remarks>Every call holds the native database open for its duration, so a call during or after <see cref="Dispose"/>
/// is an <see cref="ObjectDisposedException"/> and never a crash. Reads and writes may come from several
/// threads.</remarks>
internal sealed unsafe partial class RocksDatabase : IDisposable
{
    // SAFETY, for every call below: Call holds the database and with it column families and options; an error pointer
    // points to a local of the method. What else a call needs is said where it is made.
    private readonly DatabaseOptions _options;
    private readonly DatabaseHandle _handle;
    private readonly SafeHandle _hold;
    private volatile bool _isDisposed;

    private RocksDatabase(string path, DatabaseOptions options, DatabaseHandle handle, SafeHandle hold)
    {
        Path = path;
        _options = options;
        _handle = handle;
        _hold = hold;
    }

    /// <summary>The folder of its SST files, and of all else if that is not in memory
    /// (<see cref="BookkeepingFolder"/>).</summary>
    internal string Path { get; }

    /// <summary>The folder of its MANIFEST, and of all else that is not rows.</summary>
    internal string BookkeepingPath => _handle.BookkeepingPath ?? Path;

    /// <summary>The sequence number of the newest write.</summary>
    internal ulong LatestSequence
    {
        get
        {
            using var call = new Call(this);
            return RocksDbLibrary.rocksdb_get_latest_sequence_number(call.Database);
        }
    }

    /// <summary>Makes a new, empty database.</summary>
    /// <param name="path">A full path that no other database has at this time.</param>
    /// <param name="backendOptions">Settings.</param>
    /// <exception cref="CheckpointStorageUnavailableException">There is one already, or the file system
    /// refused.</exception>
    internal static RocksDatabase Create(string path, RocksDbBackendOptions backendOptions)
    {
        if (WorkingFolder.Exists(path))
        {
            throw new CheckpointStorageUnavailableException(
                path, "cannot be made a database: there is such a folder already; use a new one.");
        }

        var bookkeeping = backendOptions.KeepsBookkeepingInMemory ? BookkeepingFolder.TryCreate(path) : null;
        var options = new DatabaseOptions(backendOptions);
        if (bookkeeping is not null)
        {
            options.SetFilesPath(path);
        }

        var handle = new DatabaseHandle(options, bookkeeping);
        byte* error = null;

        // SAFETY: the name is zero-terminated and pinned; options live until the handle frees them after closing.
        fixed (byte* name = Utf8.ZeroTerminated(bookkeeping?.Path ?? path))
        {
            var db = RocksDbLibrary.rocksdb_open(options.Database, name, &error);
            if (error != null)
            {
                options.Free();
                bookkeeping?.Remove();
            }

            RocksDbError.ThrowIfSet(error, path);
            handle.SetDatabase(db);
        }

        return new(path, options, handle, handle);
    }

    /// <summary>Makes an empty column family.</summary>
    internal ColumnFamily CreateColumnFamily(string name)
    {
        using var call = new Call(this);
        byte* error = null;

        // SAFETY: the name is zero-terminated and pinned; the new handle passes to the database's handle.
        fixed (byte* nameBytes = Utf8.ZeroTerminated(name))
        {
            var columnFamily = RocksDbLibrary.rocksdb_create_column_family(
                call.Database, _options.OfColumnFamily(name, hasForeignRows: false), nameBytes, &error);
            RocksDbError.ThrowIfSet(error, Path);
            _handle.AddColumnFamily(columnFamily);
            return new(name, columnFamily);
        }
    }

    /// <summary>Reads a value and appends it to <paramref name="target"/>.</summary>
    /// <param name="columnFamily">Where.</param>
    /// <param name="key">The key.</param>
    /// <param name="target">Gets the value's bytes, straight from RocksDB.</param>
    /// <param name="expectedLength">Room asked for first; a longer value costs a second read.</param>
    /// <returns>Length of the value; -1 if there is none.</returns>
    internal int Get(ColumnFamily columnFamily, ReadOnlySpan<byte> key, IBufferWriter<byte> target, int expectedLength)
    {
        using var call = new Call(this);
        while (true)
        {
            var room = target.GetSpan(expectedLength);
            byte found;
            byte* error = null;
            nuint length;
            byte isCopied;

            // SAFETY: key and room are pinned during the call, which writes at most room.Length bytes.
            fixed (byte* keyBytes = key, roomBytes = room)
            {
                isCopied = RocksDbLibrary.rocksdb_get_into_buffer_cf(
                    call.Database, _options.Read, columnFamily.Handle, keyBytes, (nuint)key.Length,
                    roomBytes, (nuint)room.Length, &length, &found, &error);
            }

            RocksDbError.ThrowIfSet(error, Path);
            if (found == 0)
            {
                return -1;
            }

            expectedLength = checked((int)length);
            if (isCopied != 0)
            {
                target.Advance(expectedLength);
                return expectedLength;
            }
        }
    }

    internal void Put(ColumnFamily columnFamily, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        using var call = new Call(this);
        byte* error = null;

        // SAFETY: both spans are pinned during the call, which copies them.
        fixed (byte* keyBytes = key, valueBytes = value)
        {
            RocksDbLibrary.rocksdb_put_cf(
                call.Database, _options.Write, columnFamily.Handle,
                keyBytes, (nuint)key.Length, valueBytes, (nuint)value.Length, &error);
        }

        RocksDbError.ThrowIfSet(error, Path);
    }

    /// <summary>Appends to a value without reading it.</summary>
    internal void Merge(ColumnFamily columnFamily, ReadOnlySpan<byte> key, ReadOnlySpan<byte> suffix)
    {
        using var call = new Call(this);
        byte* error = null;

        // SAFETY: both spans are pinned during the call, which copies them.
        fixed (byte* keyBytes = key, suffixBytes = suffix)
        {
            RocksDbLibrary.rocksdb_merge_cf(
                call.Database, _options.Write, columnFamily.Handle,
                keyBytes, (nuint)key.Length, suffixBytes, (nuint)suffix.Length, &error);
        }

        RocksDbError.ThrowIfSet(error, Path);
    }

    internal void Delete(ColumnFamily columnFamily, ReadOnlySpan<byte> key)
    {
        using var call = new Call(this);
        byte* error = null;

        // SAFETY: the key is pinned during the call, which copies it.
        fixed (byte* keyBytes = key)
        {
            RocksDbLibrary.rocksdb_delete_cf(
                call.Database, _options.Write, columnFamily.Handle, keyBytes, (nuint)key.Length, &error);
        }

        RocksDbError.ThrowIfSet(error, Path);
    }

    /// <summary>Writes a batch and empties it.</summary>
    internal void Write(RocksWriteBatch batch)
    {
        using var call = new Call(this);
        byte* error = null;
        ObjectDisposedException.ThrowIf(batch.IsClosed, batch);
        RocksDbLibrary.rocksdb_write(call.Database, _options.Write, batch.DangerousGetHandle(), &error);
        RocksDbError.ThrowIfSet(error, Path);
        batch.Clear();
    }

    /// <summary>Opens an iterator over the rows from <paramref name="lower"/> to before
    /// <paramref name="end"/>.</summary>
    internal RocksIterator NewIterator(
        ColumnFamily columnFamily, ReadOnlySpan<byte> lower, ReadOnlySpan<byte> end, bool fillCache = true)
    {
        using var call = new Call(this);
        return new(_handle, Path, columnFamily, lower, end, snapshot: null, fillCache);
    }

    /// <summary>Makes a scan of a column family that can be opened again and again.</summary>
    internal RocksScan NewScan(ColumnFamily columnFamily)
    {
        using var call = new Call(this);
        return new(_handle, Path, columnFamily);
    }

    /// <summary>Fixes a view of the present state.</summary>
    internal RocksSnapshot CreateSnapshot()
    {
        using var call = new Call(this);
        return new(_handle, Path);
    }

    /// <summary>Closes it as soon as no iterator, no snapshot and no other holder is left.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        _hold.Dispose();
    }

    /// <summary>Holds the native database open during one call.</summary>
    private ref struct Call
    {
        private readonly SafeHandle _hold;
        private bool _holds;

        internal Call(RocksDatabase database)
        {
            ObjectDisposedException.ThrowIf(database._isDisposed, database);
            _hold = database._hold;
            _hold.DangerousAddRef(ref _holds);
            Database = _hold.DangerousGetHandle();
        }

        internal nint Database { get; }

        public void Dispose()
        {
            if (_holds)
            {
                _holds = false;
                _hold.DangerousRelease();
            }
        }
    }
}
