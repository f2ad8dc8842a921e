namespace Checkpointing.RocksDb.Native;

/// <summary>The option objects of one database, made once and freed after it.</summary>
/// <remarks>Each database has a block cache of its own: cache keys derive from a file's id, which copies share, so
/// another
/// database's good blocks would hide the damage in ours.</remarks>
internal sealed partial class DatabaseOptions
{
    /// <summary>Levels of every column family; a file of a deeper level would be dropped without a word on
    /// import.</summary>
    internal const int LevelCount = 7;

    /// <summary>Bytes of an SST file that are written by one call. Of 512 KiB and more, as by default, Linux looks for
    /// one piece of memory to cache them in, which may take ten times as long as writing.</summary>
    internal const int WriteBlockBytes = 256 << 10;

    private const int MaxBackgroundJobs = 2;
    private const int MaxWriteBufferCount = 4;

    // Releasing a snapshot makes RocksDB write every file of the bottom anew whose sequence numbers may now be dropped.
    // With a snapshot for each checkpoint all of them would travel twice.
    private const uint BottommostDelaySeconds = 30 * 24 * 60 * 60;
    private const int InfoLogLevelFatal = 4;

    // RocksDB begins a new MANIFEST at this size, or at this part more than a list of all live files takes: a database
    // that is never opened again gains nothing from a long one, and it may lie in memory.
    private const int MaxManifestBytes = 256 << 10;
    private const int MaxManifestSpacePercent = 100;
    private const int ManifestPreallocationBytes = 64 << 10;
    private const double BloomBitsPerKey = 10;

    // The disk begins to write while a file still grows: else the sync at its end would wait for all of it.
    private const ulong BytesPerSync = 1 << 20;

    // Rows of a column family take memory in blocks of this size: of an eighth of a write buffer, many small databases
    // would fill the budget with empty blocks.
    private const int ArenaBlockBytes = 64 << 10;

    private readonly nint _cache;
    private readonly RocksDbMemory? _memory;

    internal DatabaseOptions(RocksDbBackendOptions options)
    {
        // SAFETY: every object made here is freed in Free, except the operator and the filter policy, which their
        // options own; table options are copied by the factory.
        _cache = RocksDbLibrary.rocksdb_cache_create_lru((nuint)options.BlockCacheBytes);
        var table = RocksDbLibrary.rocksdb_block_based_options_create();
        RocksDbLibrary.rocksdb_block_based_options_set_block_cache(table, _cache);
        _memory = options.Memory;
        if (_memory is not null)
        {
            // Else indexes and filters of open files are counted nowhere.
            RocksDbLibrary.rocksdb_block_based_options_set_cache_index_and_filter_blocks(table, 1);
            RocksDbLibrary.rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(table, 1);
        }

        RocksDbLibrary.rocksdb_block_based_options_set_filter_policy(
            table, RocksDbLibrary.rocksdb_filterpolicy_create_bloom_full(BloomBitsPerKey));

        Database = RocksDbLibrary.rocksdb_options_create();
        RocksDbLibrary.rocksdb_options_set_block_based_table_factory(Database, table);
        RocksDbLibrary.rocksdb_block_based_options_destroy(table);
        MergeOperators.Set(Database, ConcatenationOperator.Name);
        RocksDbLibrary.rocksdb_options_set_create_if_missing(Database, 1);
        RocksDbLibrary.rocksdb_options_set_error_if_exists(Database, 1);
        RocksDbLibrary.rocksdb_options_set_info_log_level(Database, InfoLogLevelFatal);
        RocksDbLibrary.rocksdb_options_set_keep_log_file_num(Database, 1);
        RocksDbLibrary.rocksdb_options_set_stats_dump_period_sec(Database, 0);
        RocksDbLibrary.rocksdb_options_set_stats_persist_period_sec(Database, 0);
        RocksDbLibrary.rocksdb_options_set_max_manifest_file_size(Database, MaxManifestBytes);
        RocksDbLibrary.rocksdb_options_set_max_manifest_space_amp_pct(Database, MaxManifestSpacePercent);
        RocksDbLibrary.rocksdb_options_set_manifest_preallocation_size(Database, ManifestPreallocationBytes);

        // These threads open the files of a database that is opened again; they are started for an empty one, too.
        RocksDbLibrary.rocksdb_options_set_max_file_opening_threads(Database, 1);

        // Its id is in the MANIFEST.
        RocksDbLibrary.rocksdb_options_set_write_dbid_to_manifest(Database, 1);
        RocksDbLibrary.rocksdb_options_set_write_identity_file(Database, 0);
        RocksDbLibrary.rocksdb_options_set_writable_file_max_buffer_size(Database, WriteBlockBytes);
        RocksDbLibrary.rocksdb_options_set_bytes_per_sync(Database, BytesPerSync);
        RocksDbLibrary.rocksdb_options_set_max_background_jobs(Database, MaxBackgroundJobs);
        RocksDbLibrary.rocksdb_options_set_max_open_files(Database, options.MaxOpenFiles);
        RocksDbLibrary.rocksdb_options_set_num_levels(Database, LevelCount);
        RocksDbLibrary.rocksdb_options_set_write_buffer_size(Database, (nuint)options.WriteBufferSizeBytes);
        RocksDbLibrary.rocksdb_options_set_max_write_buffer_number(Database, MaxWriteBufferCount);
        RocksDbLibrary.rocksdb_options_set_compression(Database, (int)options.Compression);
        RocksDbLibrary.rocksdb_options_set_bottommost_file_compaction_delay(Database, BottommostDelaySeconds);
        RocksDbLibrary.rocksdb_options_add_eventlistener(Database, Events.CreateListener());

        if (_memory is not null)
        {
            RocksDbLibrary.rocksdb_options_set_arena_block_size(Database, ArenaBlockBytes);
            _memory.AddTo(Database);
            _memory.Add(_cache, options.BlockCacheBytes);
        }

        // The folder is deleted after closing: what is still in memory need not be written.
        RocksDbLibrary.rocksdb_options_set_avoid_flush_during_shutdown(Database, 1);

        Write = RocksDbLibrary.rocksdb_writeoptions_create();
        RocksDbLibrary.rocksdb_writeoptions_disable_WAL(Write, 1);
        Read = RocksDbLibrary.rocksdb_readoptions_create();
        Flush = RocksDbLibrary.rocksdb_flushoptions_create();
        RocksDbLibrary.rocksdb_flushoptions_set_wait(Flush, 1);
        RocksDbLibrary.rocksdb_flushoptions_set_allow_write_stall(Flush, 1);
        Switch = RocksDbLibrary.rocksdb_flushoptions_create();
        RocksDbLibrary.rocksdb_flushoptions_set_wait(Switch, 0);
        RocksDbLibrary.rocksdb_flushoptions_set_allow_write_stall(Switch, 1);
    }

    /// <summary>Options of the database and of every column family.</summary>
    internal nint Database { get; }

    /// <summary>Options of writes: no log, for a crash falls back to a checkpoint.</summary>
    internal nint Write { get; }

    /// <summary>Options of point reads.</summary>
    internal nint Read { get; }

    /// <summary>Options of flushes: wait.</summary>
    internal nint Flush { get; }

    /// <summary>Options of flushes that only seal memtables: do not wait.</summary>
    internal nint Switch { get; }

    /// <summary>Hears of the database's memtables.</summary>
    internal MemtableEvents Events { get; } = new();

    /// <summary>Lets SST files be in another folder than the database's own; before it is opened.</summary>
    internal unsafe void SetFilesPath(string path)
    {
        // SAFETY: the text is zero-terminated and pinned; options copy the path.
        fixed (byte* text = Utf8.ZeroTerminated(path))
        {
            var place = RocksDbLibrary.rocksdb_dbpath_create(text, long.MaxValue);
            RocksDbLibrary.rocksdb_options_set_db_paths(Database, &place, 1);
            RocksDbLibrary.rocksdb_dbpath_destroy(place);
        }
    }

    /// <summary>Frees all; only after the database is closed, and once.</summary>
    internal void Free()
    {
        RocksDbLibrary.rocksdb_flushoptions_destroy(Switch);
        RocksDbLibrary.rocksdb_flushoptions_destroy(Flush);
        RocksDbLibrary.rocksdb_readoptions_destroy(Read);
        RocksDbLibrary.rocksdb_writeoptions_destroy(Write);
        RocksDbLibrary.rocksdb_options_destroy(Database);
        FreeOwnedRange();
        FreeExpiry();
        _memory?.Remove(_cache);
        RocksDbLibrary.rocksdb_cache_destroy(_cache);
    }
}
