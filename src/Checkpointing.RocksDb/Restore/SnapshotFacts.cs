using Checkpointing.KeyGroups;
using Checkpointing.RocksDb.Native;
using Checkpointing.State;

namespace Checkpointing.RocksDb.Restore;

/// <summary>Checks what must hold between the files of one column family: RocksDB imports the opposite without a
/// word, or refuses without saying which file it was.</summary>
internal static class SnapshotFacts
{
    /// <summary>Checks a list of files before it is imported.</summary>
    /// <param name="files">Files of any column families.</param>
    /// <param name="pathOf">Where a file is stored, for messages.</param>
    /// <exception cref="CheckpointCorruptException">The list is wrong; nothing was imported.</exception>
    internal static void Check(IEnumerable<LiveFile> files, Func<LiveFile, string> pathOf)
    {
        foreach (var family in files.GroupBy(static file => file.ColumnFamily, StringComparer.Ordinal))
        {
            foreach (var file in family)
            {
                CheckFile(file, pathOf);
            }

            foreach (var level in family.GroupBy(static file => file.Level))
            {
                if (level.Key == 0)
                {
                    CheckLevel0([.. level], pathOf);
                }
                else
                {
                    CheckSorted([.. level.OrderBy(static file => file.SmallestKey, KeyOrder.Bytes)], pathOf);
                }
            }
        }
    }

    private static void CheckFile(LiveFile file, Func<LiveFile, string> pathOf)
    {
        if (file.Level < 0 || file.Level >= DatabaseOptions.LevelCount)
        {
            throw Wrong(pathOf(file), $"a level below {DatabaseOptions.LevelCount}", $"{file.Level}");
        }

        if (file.SmallestKey.Length < KeyedRowKey.KeyGroupSize || file.LargestKey.Length < KeyedRowKey.KeyGroupSize
            || KeyedRowKey.ReadKeyGroup(file.LargestKey) >= KeyGroupAssignment.MaxParallelismLimit
            || KeyOrder.Bytes.Compare(file.SmallestKey, file.LargestKey) > 0)
        {
            throw Wrong(
                pathOf(file), "two keys with a key group as bounds, in order",
                $"{Convert.ToHexString(file.SmallestKey)} and {Convert.ToHexString(file.LargestKey)}");
        }

        if (file.SmallestSequence > file.LargestSequence)
        {
            throw Wrong(
                pathOf(file), "sequence numbers in order", $"{file.SmallestSequence} and {file.LargestSequence}");
        }
    }

    /// <summary>Files of level 0 may overlap in keys, but then one is newer than the other as a whole.</summary>
    private static void CheckLevel0(List<LiveFile> files, Func<LiveFile, string> pathOf)
    {
        for (var i = 0; i < files.Count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                var (a, b) = (files[i], files[j]);
                if (Overlap(a, b) && a.SmallestSequence <= b.LargestSequence && b.SmallestSequence <= a.LargestSequence)
                {
                    throw Wrong(
                        pathOf(a), $"sequence numbers apart from those of '{pathOf(b)}', with which it overlaps in "
                            + $"level 0: {b.SmallestSequence} to {b.LargestSequence}",
                        $"{a.SmallestSequence} to {a.LargestSequence}");
                }
            }
        }
    }

    private static void CheckSorted(List<LiveFile> files, Func<LiveFile, string> pathOf)
    {
        for (var i = 1; i < files.Count; i++)
        {
            // One key may end a file and begin the next: its versions are then in order, which RocksDB checks.
            if (KeyOrder.Bytes.Compare(files[i - 1].LargestKey, files[i].SmallestKey) > 0)
            {
                throw Wrong(
                    pathOf(files[i]), $"no overlap with '{pathOf(files[i - 1])}' in level {files[i].Level}",
                    $"keys from {Convert.ToHexString(files[i].SmallestKey)}, which is not above "
                        + $"{Convert.ToHexString(files[i - 1].LargestKey)}");
            }
        }
    }

    private static bool Overlap(LiveFile a, LiveFile b) =>
        KeyOrder.Bytes.Compare(a.SmallestKey, b.LargestKey) <= 0
        && KeyOrder.Bytes.Compare(b.SmallestKey, a.LargestKey) <= 0;

    private static CheckpointCorruptException Wrong(string path, string expected, string actual) =>
        new(path, 0, expected, actual);
}
