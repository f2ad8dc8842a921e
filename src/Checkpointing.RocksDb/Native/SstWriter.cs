using System.Runtime.InteropServices;

namespace Checkpointing.RocksDb.Native;

/// <summary>Writes one SST file of rows in ascending order. One caller at a time.</summary>
/// <remarks>All rows get one sequence number, which is not in the file but in what its importer says of it.</remarks>
internal sealed unsafe class SstWriter : SafeHandle, IRowTarget
{
    private readonly string _path;
    private readonly SafeHandle _database;
    private readonly nint _envOptions;
    private byte[]? _smallestKey;
    private byte[] _lastKey = [];
    private int _lastKeyLength;
    private ulong _entryCount;
    private ulong _deletionCount;
    private bool _holdsDatabase;

    /// <summary>Begins a file.</summary>
    /// <param name="database">Owns the options, and stays open meanwhile.</param>
    /// <param name="options">Options of the column family that the file is for.</param>
    /// <param name="path">The file; there is none yet.</param>
    internal SstWriter(SafeHandle database, nint options, string path)
        : base(0, ownsHandle: true)
    {
        _path = path;
        _database = database;
        database.DangerousAddRef(ref _holdsDatabase);
        _envOptions = RocksDbLibrary.rocksdb_envoptions_create();
        RocksDbLibrary.rocksdb_envoptions_set_writable_file_max_buffer_size(
            _envOptions, DatabaseOptions.WriteBlockBytes);
        SetHandle(RocksDbLibrary.rocksdb_sstfilewriter_create(_envOptions, options));
        byte* error = null;

        // SAFETY: the name is zero-terminated and pinned during the call.
        fixed (byte* name = Utf8.ZeroTerminated(path))
        {
            RocksDbLibrary.rocksdb_sstfilewriter_open(handle, name, &error);
        }

        if (error != null)
        {
            Dispose();
            RocksDbError.ThrowIfSet(error, path);
        }
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>Rows in it so far, deletions included.</summary>
    internal ulong EntryCount => _entryCount;

    /// <summary>Bytes written so far; whole blocks only.</summary>
    internal long SizeBytes
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            ulong size;
            RocksDbLibrary.rocksdb_sstfilewriter_file_size(handle, &size);
            return checked((long)size);
        }
    }

    public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        byte* error = null;

        // SAFETY: both spans are pinned during the call, which copies them.
        fixed (byte* keyBytes = key, valueBytes = value)
        {
            RocksDbLibrary.rocksdb_sstfilewriter_put(
                handle, keyBytes, (nuint)key.Length, valueBytes, (nuint)value.Length, &error);
        }

        RocksDbError.ThrowIfSet(error, _path);
        Note(key);
    }

    public void Delete(ReadOnlySpan<byte> key)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        byte* error = null;

        // SAFETY: the key is pinned during the call, which copies it.
        fixed (byte* keyBytes = key)
        {
            RocksDbLibrary.rocksdb_sstfilewriter_delete(handle, keyBytes, (nuint)key.Length, &error);
        }

        RocksDbError.ThrowIfSet(error, _path);
        Note(key);
        _deletionCount++;
    }

    /// <summary>Ends and syncs the file.</summary>
    /// <param name="columnFamily">Whose rows it has.</param>
    /// <param name="name">The file's name.</param>
    /// <param name="level">Level that it will be imported at.</param>
    /// <param name="sequence">Sequence number of all its rows.</param>
    /// <returns>What an import must be told of it; null if it has no rows, and then there is no file.</returns>
    internal LiveFile? Finish(string columnFamily, string name, int level, ulong sequence)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        if (_smallestKey is null)
        {
            return null;
        }

        byte* error = null;
        RocksDbLibrary.rocksdb_sstfilewriter_finish(handle, &error);
        RocksDbError.ThrowIfSet(error, _path);
        return new()
        {
            ColumnFamily = columnFamily,
            Name = name,
            Level = level,
            SmallestKey = _smallestKey,
            LargestKey = _lastKey.AsSpan(0, _lastKeyLength).ToArray(),
            SmallestSequence = sequence,
            LargestSequence = sequence,
            SizeBytes = SizeBytes,
            EntryCount = _entryCount,
            DeletionCount = _deletionCount,
        };
    }

    protected override bool ReleaseHandle()
    {
        // SAFETY: runs once; the writer goes before the options it points to, then the hold on their owner.
        RocksDbLibrary.rocksdb_sstfilewriter_destroy(handle);
        RocksDbLibrary.rocksdb_envoptions_destroy(_envOptions);
        if (_holdsDatabase)
        {
            _holdsDatabase = false;
            _database.DangerousRelease();
        }

        return true;
    }

    private void Note(ReadOnlySpan<byte> key)
    {
        _smallestKey ??= key.ToArray();
        if (_lastKey.Length < key.Length)
        {
            _lastKey = new byte[key.Length * 2];
        }

        key.CopyTo(_lastKey);
        _lastKeyLength = key.Length;
        _entryCount++;
    }
}
