using System.Runtime.InteropServices;

namespace Checkpointing.RocksDb.Native;

internal static unsafe partial class RocksDbLibrary
{
    [LibraryImport(Name)]
    internal static partial void rocksdb_disable_file_deletions(nint db, byte** error);

    [LibraryImport(Name)]
    internal static partial void rocksdb_enable_file_deletions(nint db, byte** error);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_livefiles(nint db);

    [LibraryImport(Name)]
    internal static partial void rocksdb_livefiles_destroy(nint files);

    [LibraryImport(Name)]
    internal static partial int rocksdb_livefiles_count(nint files);

    [LibraryImport(Name)]
    internal static partial byte* rocksdb_livefiles_column_family_name(nint files, int index);

    [LibraryImport(Name)]
    internal static partial byte* rocksdb_livefiles_name(nint files, int index);

    [LibraryImport(Name)]
    internal static partial int rocksdb_livefiles_level(nint files, int index);

    [LibraryImport(Name)]
    internal static partial nuint rocksdb_livefiles_size(nint files, int index);

    [LibraryImport(Name)]
    internal static partial byte* rocksdb_livefiles_smallestkey(nint files, int index, nuint* length);

    [LibraryImport(Name)]
    internal static partial byte* rocksdb_livefiles_largestkey(nint files, int index, nuint* length);

    [LibraryImport(Name)]
    internal static partial ulong rocksdb_livefiles_smallest_seqno(nint files, int index);

    [LibraryImport(Name)]
    internal static partial ulong rocksdb_livefiles_largest_seqno(nint files, int index);

    [LibraryImport(Name)]
    internal static partial ulong rocksdb_livefiles_entries(nint files, int index);

    [LibraryImport(Name)]
    internal static partial ulong rocksdb_livefiles_deletions(nint files, int index);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_livefiles_create();

    /// <summary>Takes ownership of the file: it is not destroyed afterwards.</summary>
    [LibraryImport(Name)]
    internal static partial void rocksdb_livefiles_add(nint files, nint file);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_livefile_create();

    [LibraryImport(Name)]
    internal static partial void rocksdb_livefile_set_column_family_name(nint file, byte* value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_livefile_set_level(nint file, int value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_livefile_set_name(nint file, byte* value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_livefile_set_directory(nint file, byte* value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_livefile_set_size(nint file, nuint value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_livefile_set_smallest_key(nint file, byte* key, nuint length);

    [LibraryImport(Name)]
    internal static partial void rocksdb_livefile_set_largest_key(nint file, byte* key, nuint length);

    [LibraryImport(Name)]
    internal static partial void rocksdb_livefile_set_smallest_seqno(nint file, ulong value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_livefile_set_largest_seqno(nint file, ulong value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_livefile_set_num_entries(nint file, ulong value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_livefile_set_num_deletions(nint file, ulong value);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_export_import_files_metadata_create();

    [LibraryImport(Name)]
    internal static partial void rocksdb_export_import_files_metadata_destroy(nint metadata);

    [LibraryImport(Name)]
    internal static partial void rocksdb_export_import_files_metadata_set_db_comparator_name(
        nint metadata, byte* value);

    /// <summary>Takes ownership of the list: destroying it afterwards would be a double free.</summary>
    [LibraryImport(Name)]
    internal static partial void rocksdb_export_import_files_metadata_set_files(nint metadata, nint files);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_import_column_family_options_create();

    [LibraryImport(Name)]
    internal static partial void rocksdb_import_column_family_options_destroy(nint options);

    [LibraryImport(Name)]
    internal static partial void rocksdb_import_column_family_options_set_move_files(nint options, byte value);
}
