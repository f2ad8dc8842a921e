using RocksDbSharp;

namespace Checkpointing.LoadTests;

/// <summary>RocksDB's own incremental backup, synced as ours is.</summary>
internal sealed class BackupEngine : IDisposable
{
    private readonly string _folder;
    private nint _engine;

    internal BackupEngine(string folder) => _folder = folder;

    /// <summary>Flushes and backs up what is new.</summary>
    internal void Backup(RawDatabase database)
    {
        if (_engine == 0)
        {
            Directory.CreateDirectory(_folder);
            var options = Native.Instance.rocksdb_backup_engine_options_create(_folder);
            Native.Instance.rocksdb_backup_engine_options_set_sync(options, 1);
            Native.Instance.rocksdb_backup_engine_options_set_max_background_operations(options, 4);
            _engine = Native.Instance.rocksdb_backup_engine_open_opts(options, Env.CreateDefaultEnv().Handle);
            Native.Instance.rocksdb_backup_engine_options_destroy(options);
        }

        Native.Instance.rocksdb_backup_engine_create_new_backup_flush(_engine, database.Database.Handle, 1);
    }

    public void Dispose()
    {
        if (_engine != 0)
        {
            Native.Instance.rocksdb_backup_engine_close(_engine);
            _engine = 0;
        }
    }
}
