using System.Text;
using RocksDbSharp;

namespace Checkpointing.RocksDb.Tests.SilentLosses;

/// <summary>RocksDB as its public binding has it, used as one would without knowing better.</summary>
internal sealed class PlainRocksDb : IDisposable
{
    // The binding frees what options hold when they are collected, so they live as long as the database.
    private readonly DbOptions _options = new DbOptions().SetCreateIfMissing();
    private readonly WriteOptions _write = new WriteOptions().DisableWal(1);
    private readonly RocksDbSharp.RocksDb _database;

    internal PlainRocksDb(string path, Cache? cache = null)
    {
        _options.SetCompression(Compression.No);
        if (cache is not null)
        {
            _options.SetBlockBasedTableFactory(new BlockBasedTableOptions().SetBlockCache(cache));
        }

        _database = RocksDbSharp.RocksDb.Open(_options, path);
        Path = path;
    }

    internal string Path { get; }

    internal string[] SstFiles => Directory.GetFiles(Path, "*.sst").Order(StringComparer.Ordinal).ToArray();

    internal void Put(string key, string value) =>
        _database.Put(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value), null, _write);

    internal void DeleteRange(string first, string end)
    {
        using var batch = new WriteBatch();
        var (from, to) = (Encoding.UTF8.GetBytes(first), Encoding.UTF8.GetBytes(end));
        batch.DeleteRange(from, (ulong)from.Length, to, (ulong)to.Length);
        _database.Write(batch, _write);
    }

    internal void Flush() => _database.Flush(new FlushOptions().SetWaitForFlush(true));

    internal void Checkpoint(string target) => _database.Checkpoint().Save(target);

    /// <summary>Takes other databases' live files over, older ones first.</summary>
    internal void IngestLiveFiles(IEnumerable<string> files)
    {
        var options = new IngestExternalFileOptions();
        RocksDbSharp.Native.Instance.rocksdb_ingestexternalfileoptions_set_allow_db_generated_files(options.Handle, 1);
        _database.IngestExternalFiles([.. files], options);
        GC.KeepAlive(options);
    }

    /// <summary>All rows as a loop over the iterator gives them; nobody asks it for errors.</summary>
    internal Dictionary<string, string> Rows()
    {
        var rows = new Dictionary<string, string>();
        using var iterator = _database.NewIterator();
        for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next())
        {
            rows.Add(Encoding.UTF8.GetString(iterator.Key()), Encoding.UTF8.GetString(iterator.Value()));
        }

        return rows;
    }

    public void Dispose()
    {
        _database.Dispose();
        GC.KeepAlive(_options);
        GC.KeepAlive(_write);
    }
}
