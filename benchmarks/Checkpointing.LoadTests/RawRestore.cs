using System.Diagnostics;
using Checkpointing.KeyGroups;
using Checkpointing.RocksDb.Native;
using Checkpointing.RocksDb.Restore;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Storage.Local;

namespace Checkpointing.LoadTests;

/// <summary>The other side of restoring: link and import of the same stored files, and rows read and put one by
/// one.</summary>
internal static class RawRestore
{
    private const int BatchRows = 500;

    /// <summary>Links the files of a checkpoint and imports them into a new database; digests are left out.</summary>
    /// <param name="isInMemory">Whether RocksDB's bookkeeping is in memory as ours is; else where RocksDB has it by
    /// itself.</param>
    internal static async Task<(RocksDatabase Database, List<ColumnFamily> Families)> ImportAsync(
        LoadTestFolder folder, LocalCheckpointStorage storage, OurCheckpoint checkpoint,
        CancellationToken cancellationToken, bool isInMemory = true)
    {
        var handle = (IncrementalKeyedStateHandle)checkpoint.Handle;
        var snapshot = await StoredSnapshot.LoadAsync(storage, handle, cancellationToken).ConfigureAwait(false);
        var stage = Directory.CreateDirectory(folder.NewPath("stage")).FullName;
        var root = RootOf(folder);
        var options = OurState.Options(folder);
        options.KeepsBookkeepingInMemory = isInMemory;
        var database = RocksDatabase.Create(folder.NewPath("raw"), options);
        var families = new List<ColumnFamily>();
        foreach (var family in snapshot.Files.GroupBy(static file => file.Record.File.ColumnFamily))
        {
            var files = family.Select((file, index) =>
            {
                var name = FormattableString.Invariant($"{families.Count:D3}{index:D6}.sst");
                FileSystem.Link(Path.Combine(root, file.Path), Path.Combine(stage, name));
                return file.Record.File with { Name = name };
            }).ToList();
            families.Add(database.ImportColumnFamily(family.Key, files, stage));
        }

        return (database, families);
    }

    /// <summary>Makes the state of a range by reading every row of the sources and putting it.</summary>
    /// <returns>Milliseconds, without closing.</returns>
    internal static async Task<double> ScanAndPutAsync(
        LoadTestFolder folder, LocalCheckpointStorage storage, IEnumerable<OurCheckpoint> sources, KeyGroupRange range,
        CancellationToken cancellationToken)
    {
        LoadTestFolder.Collect();
        var start = Stopwatch.GetTimestamp();
        var path = folder.NewPath("target");
        var target = RocksDatabase.Create(path, OurState.Options(folder));
        var families = new Dictionary<string, ColumnFamily>(StringComparer.Ordinal);
        using var batch = new RocksWriteBatch();
        byte[] lower = [(byte)(range.First >> 8), (byte)range.First];
        byte[] end = [(byte)((range.Last + 1) >> 8), (byte)(range.Last + 1)];
        foreach (var one in sources)
        {
            var (source, stored) = await ImportAsync(folder, storage, one, cancellationToken).ConfigureAwait(false);
            using var closing = source;
            foreach (var from in stored)
            {
                if (!families.TryGetValue(from.Name, out var to))
                {
                    families.Add(from.Name, to = target.CreateColumnFamily(from.Name));
                }

                using var rows = source.NewIterator(from, lower, end, fillCache: false);
                for (var count = 1; rows.MoveNext(); count++)
                {
                    batch.Put(to, rows.Key, rows.Value);
                    if (count % BatchRows == 0)
                    {
                        target.Write(batch);
                    }
                }

                target.Write(batch);
            }
        }

        var milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        target.Dispose();
        Directory.Delete(path, recursive: true);
        return milliseconds;
    }

    internal static string RootOf(LoadTestFolder folder) => Path.Combine(folder.Root, "storage");
}
