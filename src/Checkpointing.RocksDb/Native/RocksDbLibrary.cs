using System.Runtime.InteropServices;

namespace Checkpointing.RocksDb.Native;

/// <summary>The functions of RocksDB's C interface that we use; signatures and names are those of
/// <c>rocksdb/c.h</c>.</summary>
/// <remarks>All arguments are blittable: pointers, sizes and bytes. An <c>error</c> argument points to a null pointer;
/// if
/// it is not null afterwards it is a text for <see cref="RocksDbError"/>. Calling needs care, so only this folder
/// does.</remarks>
internal static unsafe partial class RocksDbLibrary
{
    private const string Name = RocksDbLibraryFile.ImportName;

    // Runs before the first call of any import below: it says which file they are bound to.
    static RocksDbLibrary() => RocksDbLibraryFile.Register();

    [LibraryImport(Name)]
    internal static partial void rocksdb_free(void* pointer);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_open(nint options, byte* name, byte** error);

    [LibraryImport(Name)]
    internal static partial void rocksdb_close(nint db);

    [LibraryImport(Name)]
    internal static partial void rocksdb_cancel_all_background_work(nint db, byte wait);

    [LibraryImport(Name)]
    internal static partial void rocksdb_pause_background_work(nint db, byte** error);

    [LibraryImport(Name)]
    internal static partial void rocksdb_continue_background_work(nint db, byte** error);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_create_column_family(nint db, nint options, byte* name, byte** error);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_create_column_family_with_import(
        nint db, nint options, byte* name, nint importOptions, nint metadata, byte** error);

    [LibraryImport(Name)]
    internal static partial void rocksdb_drop_column_family(nint db, nint columnFamily, byte** error);

    [LibraryImport(Name)]
    internal static partial void rocksdb_column_family_handle_destroy(nint columnFamily);

    [LibraryImport(Name)]
    internal static partial ulong rocksdb_get_latest_sequence_number(nint db);

    [LibraryImport(Name)]
    internal static partial void rocksdb_put_cf(
        nint db, nint options, nint columnFamily, byte* key, nuint keyLength, byte* value, nuint valueLength,
            byte** error);

    [LibraryImport(Name)]
    internal static partial void rocksdb_merge_cf(
        nint db, nint options, nint columnFamily, byte* key, nuint keyLength, byte* value, nuint valueLength,
            byte** error);

    [LibraryImport(Name)]
    internal static partial void rocksdb_delete_cf(
        nint db, nint options, nint columnFamily, byte* key, nuint keyLength, byte** error);

    /// <returns>1 if the value was copied; 0 if it was not found or is longer than the buffer.</returns>
    [LibraryImport(Name)]
    internal static partial byte rocksdb_get_into_buffer_cf(
        nint db, nint options, nint columnFamily, byte* key, nuint keyLength,
        byte* buffer, nuint bufferSize, nuint* valueLength, byte* found, byte** error);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_writebatch_create();

    [LibraryImport(Name)]
    internal static partial void rocksdb_writebatch_destroy(nint batch);

    [LibraryImport(Name)]
    internal static partial void rocksdb_writebatch_clear(nint batch);

    [LibraryImport(Name)]
    internal static partial void rocksdb_writebatch_put_cf(
        nint batch, nint columnFamily, byte* key, nuint keyLength, byte* value, nuint valueLength);

    [LibraryImport(Name)]
    internal static partial void rocksdb_write(nint db, nint options, nint batch, byte** error);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_create_snapshot(nint db);

    [LibraryImport(Name)]
    internal static partial void rocksdb_release_snapshot(nint db, nint snapshot);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_create_iterator_cf(nint db, nint options, nint columnFamily);

    [LibraryImport(Name)]
    internal static partial void rocksdb_iter_destroy(nint iterator);

    [LibraryImport(Name)]
    internal static partial void rocksdb_iter_seek_to_first(nint iterator);

    [LibraryImport(Name)]
    internal static partial void rocksdb_iter_next(nint iterator);

    [LibraryImport(Name)]
    internal static partial byte rocksdb_iter_valid(nint iterator);

    [LibraryImport(Name)]
    internal static partial byte* rocksdb_iter_key(nint iterator, nuint* length);

    [LibraryImport(Name)]
    internal static partial byte* rocksdb_iter_value(nint iterator, nuint* length);

    [LibraryImport(Name)]
    internal static partial void rocksdb_iter_get_error(nint iterator, byte** error);

    [LibraryImport(Name)]
    internal static partial void rocksdb_flush_cfs(
        nint db, nint options, nint* columnFamilies, int count, byte** error);

    [LibraryImport(Name)]
    internal static partial void rocksdb_compact_range_cf(
        nint db, nint columnFamily, byte* start, nuint startLength, byte* limit, nuint limitLength);
}
