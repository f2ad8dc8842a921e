using System.Runtime.InteropServices;

namespace Checkpointing.RocksDb.Native;

internal static unsafe partial class RocksDbLibrary
{
    [LibraryImport(Name)]
    internal static partial nint rocksdb_write_buffer_manager_create(nuint limit, byte allowStall);

    [LibraryImport(Name)]
    internal static partial void rocksdb_write_buffer_manager_destroy(nint manager);

    [LibraryImport(Name)]
    internal static partial nuint rocksdb_write_buffer_manager_memory_usage(nint manager);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_write_buffer_manager(nint options, nint manager);

    [LibraryImport(Name)]
    internal static partial void rocksdb_options_set_arena_block_size(nint options, nuint value);

    [LibraryImport(Name)]
    internal static partial nuint rocksdb_cache_get_usage(nint cache);

    [LibraryImport(Name)]
    internal static partial void rocksdb_cache_set_capacity(nint cache, nuint capacity);

    [LibraryImport(Name)]
    internal static partial void rocksdb_block_based_options_set_cache_index_and_filter_blocks(
        nint tableOptions, byte value);

    [LibraryImport(Name)]
    internal static partial void rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(
        nint tableOptions, byte value);
}
