using System.Runtime.InteropServices;
using Checkpointing.KeyGroups;

namespace Checkpointing.RocksDb.Native;

internal sealed unsafe partial class RocksDatabase
{
    /// <summary>Column families made after this one call drop foreign rows when they are compacted, if they are asked
    /// to. Once a database.</summary>
    internal void SetOwnedRange(KeyGroupRange owned) => _options.SetOwnedRange(owned);

    /// <summary>Makes empty column families, far cheaper than one by one: RocksDB writes, syncs and reads back its file
    /// of options once and not for each.</summary>
    /// <returns>The column families in the order of their names.</returns>
    internal List<ColumnFamily> CreateColumnFamilies(IReadOnlyList<string> names)
    {
        // One call has one set of options; those that expire or reduce have their own.
        var made = CreateAlike([.. names.Where(name => !_options.HasOwnOptions(name))])
            .ToDictionary(static family => family.Name, StringComparer.Ordinal);
        foreach (var name in names.Where(_options.HasOwnOptions))
        {
            made.Add(name, CreateColumnFamily(name));
        }

        return [.. names.Select(name => made[name])];
    }

    private List<ColumnFamily> CreateAlike(string[] names)
    {
        if (names.Length == 0)
        {
            return [];
        }

        using var call = new Call(this);
        byte* error = null;
        nuint createdCount = 0;
        var texts = names.Select(Utf8.ZeroTerminated).ToArray();
        var pins = Array.ConvertAll(texts, static text => GCHandle.Alloc(text, GCHandleType.Pinned));
        try
        {
            // SAFETY: the texts are zero-terminated, and they and the array of pointers to them are pinned during the
            // call; the new handles pass to the database's handle, also those that were made before an error.
            var pointers = Array.ConvertAll(pins, static pin => pin.AddrOfPinnedObject());
            fixed (nint* first = pointers)
            {
                var handles = RocksDbLibrary.rocksdb_create_column_families(
                    call.Database, _options.Database, names.Length, (byte**)first, &createdCount, &error);
                var made = new ReadOnlySpan<nint>(handles, checked((int)createdCount)).ToArray();
                Array.ForEach(made, _handle.AddColumnFamily);
                if (handles != null)
                {
                    RocksDbLibrary.rocksdb_create_column_families_destroy(handles);
                }

                RocksDbError.ThrowIfSet(error, Path);
                return [.. names.Zip(made, static (name, handle) => new ColumnFamily(name, handle))];
            }
        }
        finally
        {
            Array.ForEach(pins, static pin => pin.Free());
        }
    }

    /// <summary>Moves the sequence number on if it is 0, by a write to a column family that exists no longer
    /// afterwards.</summary>
    /// <remarks>Rows that were compacted to the last level have sequence number 0, and a database into which only such
    /// files were imported stands at 0. A view at 0 is none to RocksDB's compactions: when rows are deleted or appended
    /// to after it, they drop what it alone still sees. No view of rows may be at 0.</remarks>
    internal void LeaveSequenceZero()
    {
        if (LatestSequence > 0)
        {
            return;
        }

        using var call = new Call(this);
        byte* error = null;

        // SAFETY: the name is zero-terminated and pinned; nobody else has the handle, which is freed here.
        fixed (byte* name = "not-at-zero\0"u8)
        {
            var handle = RocksDbLibrary.rocksdb_create_column_family(call.Database, _options.Database, name, &error);
            RocksDbError.ThrowIfSet(error, Path);
            try
            {
                Delete(new("not-at-zero", handle), "0"u8);
                RocksDbLibrary.rocksdb_drop_column_family(call.Database, handle, &error);
                RocksDbError.ThrowIfSet(error, Path);
            }
            finally
            {
                RocksDbLibrary.rocksdb_column_family_handle_destroy(handle);
            }
        }
    }

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
