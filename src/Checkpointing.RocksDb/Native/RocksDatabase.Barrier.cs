using System.Diagnostics;

namespace Checkpointing.RocksDb.Native;

internal sealed unsafe partial class RocksDatabase
{
    /// <summary>What RocksDB reports of its memtables.</summary>
    internal MemtableEvents Events => _options.Events;

    /// <summary>The same database for a second holder: it stays open and usable until both have disposed it.</summary>
    internal RocksDatabase Share()
    {
        using var call = new Call(this);
        return new(Path, _options, _handle, new DatabaseLease(_handle));
    }

    /// <summary>Seals the memtables of column families and lets them be flushed behind; does not wait.</summary>
    /// <returns>False if writes are stopped at present: then some may be sealed and others not.</returns>
    /// <remarks>Never with <c>force_atomic_flush</c>: it has corrupted databases.</remarks>
    internal bool TrySwitchMemtables(IReadOnlyCollection<ColumnFamily> columnFamilies)
    {
        using var call = new Call(this);
        byte* error = null;
        var handles = columnFamilies.Select(static family => family.Handle).ToArray();

        // SAFETY: the array is pinned during the call.
        fixed (nint* first = handles)
        {
            RocksDbLibrary.rocksdb_flush_cfs(call.Database, _options.Switch, first, handles.Length, &error);
        }

        return !RocksDbError.IsTryAgain(error, Path);
    }

    /// <summary>Entries of a column family's memtable that is written to.</summary>
    internal ulong GetActiveEntryCount(ColumnFamily columnFamily) =>
        GetProperty(columnFamily, "rocksdb.num-entries-active-mem-table\0"u8);

    /// <summary>Sealed memtables of a column family that are not in a file yet.</summary>
    internal ulong GetImmutableMemtableCount(ColumnFamily columnFamily) =>
        GetProperty(columnFamily, "rocksdb.num-immutable-mem-table\0"u8);

    /// <summary>A number that RocksDB reports; the name ends with a zero.</summary>
    internal ulong GetProperty(ColumnFamily columnFamily, ReadOnlySpan<byte> name)
    {
        using var call = new Call(this);
        ulong value;

        // SAFETY: the name is zero-terminated and pinned during the call.
        fixed (byte* nameBytes = name)
        {
            return RocksDbLibrary.rocksdb_property_int_cf(call.Database, columnFamily.Handle, nameBytes, &value) == 0
                ? value
                : throw new UnreachableException($"RocksDB does not know '{Utf8.Text(name[..^1])}'.");
        }
    }
}
