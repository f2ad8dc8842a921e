using System.Runtime.InteropServices;

namespace Checkpointing.RocksDb.Native;

internal static unsafe partial class RocksDbLibrary
{
    [LibraryImport(Name)]
    internal static partial nint rocksdb_options_create();

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_destroy(nint options);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_create_if_missing(nint options, byte value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_error_if_exists(nint options, byte value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_info_log_level(nint options, int value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_keep_log_file_num(nint options, nuint value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_stats_dump_period_sec(nint options, uint value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_stats_persist_period_sec(nint options, uint value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_max_successive_merges(nint options, nuint value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_strict_max_successive_merges(nint options, byte value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_max_manifest_file_size(nint options, nuint value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_max_manifest_space_amp_pct(nint options, int value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_manifest_preallocation_size(nint options, nuint value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_max_file_opening_threads(nint options, int value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_write_dbid_to_manifest(nint options, byte value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_write_identity_file(nint options, byte value);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_dbpath_create(byte* path, ulong targetSize);

    [LibraryImport(Name)]
    internal static partial void rocksdb_dbpath_destroy(nint place);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_db_paths(nint options, nint* places, nuint count);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_writable_file_max_buffer_size(nint options, ulong value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_bytes_per_sync(nint options, ulong value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_max_background_jobs(nint options, int value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_max_open_files(nint options, int value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_num_levels(nint options, int value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_write_buffer_size(nint options, nuint value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_max_write_buffer_number(nint options, int value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_avoid_flush_during_shutdown(nint options, byte value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_compression(nint options, int value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_bottommost_file_compaction_delay(nint options, uint seconds);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_merge_operator(nint options, nint mergeOperator);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_block_based_table_factory(nint options, nint tableOptions);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_block_based_options_create();

    [LibraryImport(Name)]
    internal static partial void rocksdb_block_based_options_destroy(nint tableOptions);

    [LibraryImport(Name)]
    internal static partial void rocksdb_block_based_options_set_block_cache(nint tableOptions, nint cache);

    [LibraryImport(Name)]
    internal static partial void rocksdb_block_based_options_set_filter_policy(nint tableOptions, nint filterPolicy);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_filterpolicy_create_bloom_full(double bitsPerKey);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_cache_create_lru(nuint capacity);

    [LibraryImport(Name)]
    internal static partial void rocksdb_cache_destroy(nint cache);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_writeoptions_create();

    [LibraryImport(Name)]
    internal static partial void rocksdb_writeoptions_destroy(nint options);

    [LibraryImport(Name)]
    internal static partial void rocksdb_writeoptions_disable_WAL(nint options, int value);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_readoptions_create();

    [LibraryImport(Name)]
    internal static partial void rocksdb_readoptions_destroy(nint options);

    [LibraryImport(Name)]
    internal static partial void rocksdb_readoptions_set_snapshot(nint options, nint snapshot);

    [LibraryImport(Name)]
    internal static partial void rocksdb_readoptions_set_fill_cache(nint options, byte value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_readoptions_set_iterate_lower_bound(nint options, byte* key, nuint length);

    [LibraryImport(Name)]
    internal static partial void rocksdb_readoptions_set_iterate_upper_bound(nint options, byte* key, nuint length);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_flushoptions_create();

    [LibraryImport(Name)]
    internal static partial void rocksdb_flushoptions_destroy(nint options);

    [LibraryImport(Name)]
    internal static partial void rocksdb_flushoptions_set_wait(nint options, byte value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_flushoptions_set_allow_write_stall(nint options, byte value);

    [LibraryImport(Name)]
    internal static partial nint rocksdb_mergeoperator_create(
        void* state,
        delegate* unmanaged[Cdecl]<void*, void> destructor,
        delegate* unmanaged[Cdecl]<
            void*, byte*, nuint, byte*, nuint, byte**, nuint*, int, byte*, nuint*, byte*> fullMerge,
        delegate* unmanaged[Cdecl]<void*, byte*, nuint, byte**, nuint*, int, byte*, nuint*, byte*> partialMerge,
        delegate* unmanaged[Cdecl]<void*, byte*, nuint, void> deleteValue,
        delegate* unmanaged[Cdecl]<void*, byte*> name);
}
