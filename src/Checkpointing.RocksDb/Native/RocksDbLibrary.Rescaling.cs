using System.Runtime.InteropServices;

namespace Checkpointing.RocksDb.Native;

internal static unsafe partial class RocksDbLibrary
{
    /// <summary>Makes several column families. The array that it returns is ours to destroy; the handles in it pass to
    /// us one by one. It has as many as were made, also if there was an error.</summary>
    [LibraryImport(Name)]
    internal static partial nint* rocksdb_create_column_families(
        nint db, nint options, int count, byte** names, nuint* createdCount, byte** error);

    [LibraryImport(Name)]
    internal static partial void rocksdb_create_column_families_destroy(nint* handles);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_options_create_copy(nint options);

    /// <summary>Does not take ownership: the filter must live until every database of the options is closed.</summary>
    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_compaction_filter(nint options, nint filter);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_compactionfilter_create(
        void* state,
        delegate* unmanaged[Cdecl]<void*, void> destructor,
        delegate* unmanaged[Cdecl]<
            void*, int, byte*, nuint, byte*, nuint, byte**, nuint*, byte*, byte> filter,
        delegate* unmanaged[Cdecl]<void*, byte*> name);

    [LibraryImport(Name)]
    internal static partial void rocksdb_compactionfilter_destroy(nint filter);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_compactoptions_create();

    [LibraryImport(Name)]
    internal static partial void rocksdb_compactoptions_destroy(nint options);

    [LibraryImport(Name)]
    internal static partial void rocksdb_compactoptions_set_exclusive_manual_compaction(nint options, byte value);

    /// <summary>Compacts the files that meet the keys from <c>start</c> to <c>limit</c>, both included; null is open.
    /// Leaves no error: what it did is seen in the list of files.</summary>
    [LibraryImport(Name)]
    internal static partial void rocksdb_compact_range_cf_opt(
        nint db, nint columnFamily, nint options, byte* start, nuint startLength, byte* limit, nuint limitLength);

    /// <summary>Cancels running manual compactions, waits for their end, and refuses new ones.</summary>
    [LibraryImport(Name)]
    internal static partial void rocksdb_disable_manual_compaction(nint db);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_envoptions_create();

    [LibraryImport(Name)]
    internal static partial void rocksdb_envoptions_set_writable_file_max_buffer_size(nint options, nuint value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_envoptions_destroy(nint options);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_sstfilewriter_create(nint envOptions, nint options);

    [LibraryImport(Name)]
    internal static partial void rocksdb_sstfilewriter_destroy(nint writer);

    [LibraryImport(Name)]
    internal static partial void rocksdb_sstfilewriter_open(nint writer, byte* name, byte** error);

    [LibraryImport(Name)]
    internal static partial void rocksdb_sstfilewriter_put(
        nint writer, byte* key, nuint keyLength, byte* value, nuint valueLength, byte** error);

    [LibraryImport(Name)]
    internal static partial void rocksdb_sstfilewriter_delete(
        nint writer, byte* key, nuint keyLength, byte** error);

    [LibraryImport(Name)]
    internal static partial void rocksdb_sstfilewriter_finish(nint writer, byte** error);

    [LibraryImport(Name)]
    internal static partial void rocksdb_sstfilewriter_file_size(nint writer, ulong* size);
}
