using System.Runtime.InteropServices;

namespace Checkpointing.RocksDb.Native;

internal sealed unsafe partial class RocksDatabase
{
    private const string ComparatorName = "leveldb.BytewiseComparator";

    /// <summary>Writes what is in memory to files and waits for it; one column family after the other.</summary>
    /// <remarks>Never with <c>force_atomic_flush</c>: it has corrupted databases.</remarks>
    internal void Flush(IReadOnlyCollection<ColumnFamily> columnFamilies)
    {
        using var call = new Call(this);
        byte* error = null;
        var handles = columnFamilies.Select(static family => family.Handle).ToArray();

        // SAFETY: the array is pinned during the call.
        fixed (nint* first = handles)
        {
            RocksDbLibrary.rocksdb_flush_cfs(call.Database, _options.Flush, first, handles.Length, &error);
        }

        RocksDbError.ThrowIfSet(error, Path);
    }

    /// <summary>Keeps files that are no longer live from being deleted; counts.</summary>
    internal void DisableFileDeletions()
    {
        using var call = new Call(this);
        byte* error = null;
        RocksDbLibrary.rocksdb_disable_file_deletions(call.Database, &error);
        RocksDbError.ThrowIfSet(error, Path);
    }

    /// <summary>Undoes one <see cref="DisableFileDeletions"/>.</summary>
    internal void EnableFileDeletions()
    {
        using var call = new Call(this);
        byte* error = null;
        RocksDbLibrary.rocksdb_enable_file_deletions(call.Database, &error);
        RocksDbError.ThrowIfSet(error, Path);
    }

    /// <summary>Waits for running flushes and compactions and starts no new ones.</summary>
    internal void PauseBackgroundWork()
    {
        using var call = new Call(this);
        byte* error = null;
        RocksDbLibrary.rocksdb_pause_background_work(call.Database, &error);
        RocksDbError.ThrowIfSet(error, Path);
    }

    /// <summary>Undoes <see cref="PauseBackgroundWork"/>.</summary>
    internal void ContinueBackgroundWork()
    {
        using var call = new Call(this);
        byte* error = null;
        RocksDbLibrary.rocksdb_continue_background_work(call.Database, &error);
        RocksDbError.ThrowIfSet(error, Path);
    }

    /// <summary>Compacts all rows of a column family.</summary>
    internal void Compact(ColumnFamily columnFamily)
    {
        using var call = new Call(this);
        RocksDbLibrary.rocksdb_compact_range_cf(call.Database, columnFamily.Handle, null, 0, null, 0);
    }

    /// <summary>One consistent list of the files of the current version.</summary>
    internal List<LiveFile> GetLiveFiles()
    {
        using var call = new Call(this);
        var list = RocksDbLibrary.rocksdb_livefiles(call.Database);
        try
        {
            var files = new List<LiveFile>();
            var count = RocksDbLibrary.rocksdb_livefiles_count(list);
            for (var i = 0; i < count; i++)
            {
                files.Add(ReadLiveFile(list, i));
            }

            return files;
        }
        finally
        {
            RocksDbLibrary.rocksdb_livefiles_destroy(list);
        }
    }

    /// <summary>Makes a column family out of files that hold its rows.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="files">At least one, with level, bounds and sequence numbers as they were; names are those in
    /// <paramref name="folder"/>. Wrong facts are accepted without a word, so they must have been verified.</param>
    /// <param name="folder">Where the files are. They are linked into the database and removed here.</param>
    /// <param name="hasForeignRows">Whether they may have rows that are not owned: compactions drop those.</param>
    internal ColumnFamily ImportColumnFamily(
        string name, IEnumerable<LiveFile> files, string folder, bool hasForeignRows = false)
    {
        using var call = new Call(this);
        byte* error = null;
        var metadata = RocksDbLibrary.rocksdb_export_import_files_metadata_create();
        var importOptions = RocksDbLibrary.rocksdb_import_column_family_options_create();
        try
        {
            // Each file passes to the list and the list to the metadata: only the metadata is destroyed here.
            var list = RocksDbLibrary.rocksdb_livefiles_create();
            foreach (var file in files)
            {
                RocksDbLibrary.rocksdb_livefiles_add(list, MakeLiveFile(name, file, folder));
            }

            RocksDbLibrary.rocksdb_import_column_family_options_set_move_files(importOptions, 1);
            RocksDbLibrary.rocksdb_export_import_files_metadata_set_files(metadata, list);

            // SAFETY: the texts are zero-terminated and pinned; the new handle passes to the database's handle.
            fixed (byte* nameBytes = Utf8.ZeroTerminated(name), comparator = Utf8.ZeroTerminated(ComparatorName))
            {
                RocksDbLibrary.rocksdb_export_import_files_metadata_set_db_comparator_name(metadata, comparator);
                var columnFamily = RocksDbLibrary.rocksdb_create_column_family_with_import(
                    call.Database, _options.OfColumnFamily(name, hasForeignRows), nameBytes,
                    importOptions, metadata, &error);
                RocksDbError.ThrowIfSet(error, Path);
                _handle.AddColumnFamily(columnFamily);
                return new(name, columnFamily);
            }
        }
        finally
        {
            RocksDbLibrary.rocksdb_import_column_family_options_destroy(importOptions);
            RocksDbLibrary.rocksdb_export_import_files_metadata_destroy(metadata);
        }
    }

    private static LiveFile ReadLiveFile(nint list, int index)
    {
        nuint smallestLength, largestLength;
        var smallest = RocksDbLibrary.rocksdb_livefiles_smallestkey(list, index, &smallestLength);
        var largest = RocksDbLibrary.rocksdb_livefiles_largestkey(list, index, &largestLength);

        // SAFETY: names and keys belong to the list, which lives during this call; they are copied.
        return new()
        {
            ColumnFamily = Marshal.PtrToStringUTF8(
                (nint)RocksDbLibrary.rocksdb_livefiles_column_family_name(list, index)) ?? "",
            Name = (Marshal.PtrToStringUTF8((nint)RocksDbLibrary.rocksdb_livefiles_name(list, index)) ?? "")
                .TrimStart('/'),
            Level = RocksDbLibrary.rocksdb_livefiles_level(list, index),
            SmallestKey = new ReadOnlySpan<byte>(smallest, checked((int)smallestLength)).ToArray(),
            LargestKey = new ReadOnlySpan<byte>(largest, checked((int)largestLength)).ToArray(),
            SmallestSequence = RocksDbLibrary.rocksdb_livefiles_smallest_seqno(list, index),
            LargestSequence = RocksDbLibrary.rocksdb_livefiles_largest_seqno(list, index),
            SizeBytes = checked((long)RocksDbLibrary.rocksdb_livefiles_size(list, index)),
            EntryCount = RocksDbLibrary.rocksdb_livefiles_entries(list, index),
            DeletionCount = RocksDbLibrary.rocksdb_livefiles_deletions(list, index),
        };
    }

    private static nint MakeLiveFile(string columnFamily, LiveFile file, string folder)
    {
        var made = RocksDbLibrary.rocksdb_livefile_create();

        // SAFETY: texts and keys are pinned during the calls, which copy them.
        fixed (byte* familyName = Utf8.ZeroTerminated(columnFamily), fileName = Utf8.ZeroTerminated("/" + file.Name),
            folderName = Utf8.ZeroTerminated(folder), smallest = file.SmallestKey, largest = file.LargestKey)
        {
            RocksDbLibrary.rocksdb_livefile_set_column_family_name(made, familyName);
            RocksDbLibrary.rocksdb_livefile_set_name(made, fileName);
            RocksDbLibrary.rocksdb_livefile_set_directory(made, folderName);
            RocksDbLibrary.rocksdb_livefile_set_smallest_key(made, smallest, (nuint)file.SmallestKey.Length);
            RocksDbLibrary.rocksdb_livefile_set_largest_key(made, largest, (nuint)file.LargestKey.Length);
        }

        RocksDbLibrary.rocksdb_livefile_set_level(made, file.Level);
        RocksDbLibrary.rocksdb_livefile_set_size(made, (nuint)file.SizeBytes);
        RocksDbLibrary.rocksdb_livefile_set_smallest_seqno(made, file.SmallestSequence);
        RocksDbLibrary.rocksdb_livefile_set_largest_seqno(made, file.LargestSequence);
        RocksDbLibrary.rocksdb_livefile_set_num_entries(made, file.EntryCount);
        RocksDbLibrary.rocksdb_livefile_set_num_deletions(made, file.DeletionCount);
        return made;
    }
}
