using Checkpointing.KeyGroups;

namespace Checkpointing.RocksDb.Native;

internal sealed unsafe partial class RocksDatabase
{
    /// <summary>Column families made after this one call drop foreign rows when they are compacted, if they are asked
    /// to. Once a database.</summary>
    internal void SetOwnedRange(KeyGroupRange owned) => _options.SetOwnedRange(owned);

    /// <summary>Begins an SST file with this database's options.</summary>
    internal SstWriter NewSstWriter(string path)
    {
        using var call = new Call(this);
        return new(_hold, _options.Database, path);
    }

    /// <summary>Compacts all files that meet the keys from <paramref name="first"/> to <paramref name="last"/>, beside
    /// automatic compactions. Ends early after <see cref="CancelManualCompactions"/>.</summary>
    /// <param name="columnFamily">Where.</param>
    /// <param name="first">First key; empty: from the start.</param>
    /// <param name="last">Last key; empty: to the end.</param>
    internal void Compact(ColumnFamily columnFamily, ReadOnlySpan<byte> first, ReadOnlySpan<byte> last)
    {
        using var call = new Call(this);
        var options = RocksDbLibrary.rocksdb_compactoptions_create();
        RocksDbLibrary.rocksdb_compactoptions_set_exclusive_manual_compaction(options, 0);

        // SAFETY: both keys are pinned during the call, which ends with the compaction; an empty span pins as null.
        fixed (byte* firstBytes = first, lastBytes = last)
        {
            RocksDbLibrary.rocksdb_compact_range_cf_opt(
                call.Database, columnFamily.Handle, options,
                firstBytes, (nuint)first.Length, lastBytes, (nuint)last.Length);
        }

        RocksDbLibrary.rocksdb_compactoptions_destroy(options);
    }

    /// <summary>Ends running manual compactions and waits for them; later ones do nothing.</summary>
    internal void CancelManualCompactions()
    {
        using var call = new Call(this);
        RocksDbLibrary.rocksdb_disable_manual_compaction(call.Database);
    }
}
