using System.Buffers;
using Checkpointing.State;
using RocksDbSharp;

namespace Checkpointing.LoadTests;

/// <summary>The other side: RocksDB by its public binding, with the same settings and rows.</summary>
internal sealed class RawDatabase : IDisposable
{
    // The binding frees what options hold when they are collected, so they live as long as the database.
    private readonly DbOptions _options;
    private readonly WriteOptions _write = new WriteOptions().DisableWal(1);
    private readonly ReadOptions _read = new();
    private readonly byte[] _value = new byte[Rows.ValueBytes];
    private readonly ArrayBufferWriter<byte> _key = new();
    private readonly HashSet<string> _stored = new(StringComparer.Ordinal);

    internal RawDatabase(LoadTestFolder folder, string name)
    {
        FolderPath = folder.NewPath(name);
        _options = new DbOptions().SetCreateIfMissing();
        var table = new BlockBasedTableOptions()
            .SetBlockCache(Cache.CreateLru(64 << 20))
            .SetFilterPolicy(BloomFilterPolicy.Create(10, false));
        _options.SetBlockBasedTableFactory(table);
        _options.SetCompression(Compression.No);
        _options.SetWriteBufferSize(8 << 20);
        _options.SetMaxWriteBufferNumber(4);
        _options.SetMaxBackgroundCompactions(1);
        _options.SetMaxOpenFiles(1_000);
        Database = RocksDbSharp.RocksDb.Open(_options, FolderPath);
    }

    internal RocksDbSharp.RocksDb Database { get; }

    internal string FolderPath { get; }

    /// <summary>The row's key as ours has it: key group, key and no namespace.</summary>
    internal ReadOnlySpan<byte> KeyOf(Guid key)
    {
        Span<byte> bytes = stackalloc byte[Rows.KeyBytes];
        key.TryWriteBytes(bytes);
        _key.ResetWrittenCount();
        KeyedRowKey.WriteKeyGroup(KeyGroups.KeyGroupAssignment.KeyGroupOf(bytes, OurState.MaxParallelism), _key);
        KeyedRowKey.WritePart(bytes, _key);
        KeyedRowKey.WritePart([], _key);
        return _key.WrittenSpan;
    }

    internal void Put(int first, int count, int version)
    {
        for (var row = first; row < first + count; row++)
        {
            Rows.Value(row, version, _value);
            Database.Put(KeyOf(Rows.Key(row)), _value, null, _write);
        }
    }

    internal bool Get(ReadOnlySpan<byte> key) => Database.GetFixedSizeValue(key, _value, null, _read);

    internal void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => Database.Put(key, value, null, _write);

    /// <summary>Flushes and waits: what a barrier costs at least that has all rows in files.</summary>
    internal void Flush()
    {
        // As ours does; else it would wait for compactions, too.
        var options = new FlushOptions().SetWaitForFlush(true);
        Native.Instance.rocksdb_flushoptions_set_allow_write_stall(options.Handle, 1);
        Database.Flush(options);
        GC.KeepAlive(options);
    }

    /// <summary>Brings all rows into the last level.</summary>
    internal void Compact() => Database.CompactRange((byte[]?)null, null);

    /// <summary>Flushes, links each new file into a folder, digests it and syncs the folder: what a checkpoint of the
    /// same rows costs at least.</summary>
    /// <returns>Bytes of the new files.</returns>
    internal long FlushAndLink(string target)
    {
        Flush();
        Directory.CreateDirectory(target);
        Database.DisableFileDeletions();
        long bytes = 0;
        var files = Database.GetLiveFilesMetadata().Select(static file => file.FileMetadata.FileName.TrimStart('/'))
            .Where(_stored.Add).ToArray();
        try
        {
            Parallel.ForEach(files, new ParallelOptions { MaxDegreeOfParallelism = 4 }, name =>
            {
                var linked = Path.Combine(target, name);
                FileSystem.Link(Path.Combine(FolderPath, name), linked);
                Interlocked.Add(ref bytes, FileSystem.Digest(linked));
            });
        }
        finally
        {
            Database.EnableFileDeletions();
        }

        FileSystem.SyncFolder(target);
        return bytes;
    }

    /// <summary>Removes links of files that are not live any more.</summary>
    internal void DropOld(string target)
    {
        var live = Database.GetLiveFilesMetadata()
            .Select(static file => file.FileMetadata.FileName.TrimStart('/')).ToHashSet(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFiles(target).Where(path => !live.Contains(Path.GetFileName(path))))
        {
            File.Delete(path);
        }
    }

    public void Dispose()
    {
        Database.Dispose();
        GC.KeepAlive(_options);
        GC.KeepAlive(_write);
        GC.KeepAlive(_read);
    }
}
