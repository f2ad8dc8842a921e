using System.Globalization;
using Checkpointing.KeyGroups;
using Checkpointing.RocksDb.Native;
using Checkpointing.State;

namespace Checkpointing.RocksDb.Restore;

/// <summary>Chooses how a backend gets its rows from snapshots of other key-group ranges: bounds of files in, plan
/// out. Pure.</summary>
/// <remarks>
/// <para>Each source gives the key groups that it shares with the target; no two sources share any. A file is taken as
/// it is when every row in it is either wanted from this source or foreign to the target, so that nothing ever reads
/// it: its bounds lie in what the source gives, and may stick out only beyond an edge of the target that the source
/// itself reaches. Not beyond an edge inside the target: there another source has the rows, or nobody has any, and this
/// file's rows are leftovers of an earlier owner.</para>
/// <para>Rules, for each column family of each source:</para>
/// <list type="number">
/// <item>All files that meet the wanted key groups may be taken: take them.</item>
/// <item>Else, those that may not be taken are small beside those that may: take these, lay a patch over them.</item>
/// <item>Else: write the wanted rows anew.</item>
/// <item>Too many files in level 0 of one column family: the smallest sources that bring any are written anew.</item>
/// </list>
/// <para>So disjoint parts meet in one import: no level has an overlap between sources, and sequence numbers of
/// different sources are never compared for one key.</para>
/// </remarks>
internal static class RescalePlanner
{
    /// <summary>Makes the plan.</summary>
    /// <param name="target">Key groups of the new backend.</param>
    /// <param name="sources">The snapshots.</param>
    /// <param name="columnFamilies">The column families wanted.</param>
    /// <param name="rules">Bounds.</param>
    internal static RescalePlan Plan(
        KeyGroupRange target, IReadOnlyList<RescaleSource> sources, IReadOnlyList<string> columnFamilies,
        RescaleRules rules)
    {
        if (!rules.MayImport)
        {
            return new([], "importing is switched off");
        }

        var keeps = sources.Select(source => source.Range.Intersect(target)).ToList();
        for (var i = 0; i < keeps.Count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                if (keeps[i].Overlaps(keeps[j]))
                {
                    return new([], $"two snapshots have key groups {keeps[i].Intersect(keeps[j])}");
                }
            }
        }

        var parts = new List<RescalePart>();
        foreach (var name in columnFamilies)
        {
            var ofFamily = new List<RescalePart>();
            for (var i = 0; i < sources.Count; i++)
            {
                if (!keeps[i].IsEmpty && MakePart(target, i, keeps[i], sources[i], name, rules) is { } part)
                {
                    ofFamily.Add(part);
                }
            }

            LimitLevel0(ofFamily, sources, rules);
            parts.AddRange(ofFamily);
        }

        return new(parts, null);
    }

    /// <summary>Whether a file has keys outside the range.</summary>
    internal static bool SticksOut(LiveFile file, KeyGroupRange range)
    {
        var (lower, end) = RowBounds.Of(range);
        return IsBelow(file.SmallestKey, lower) || !IsBelow(file.LargestKey, end);
    }

    private static RescalePart? MakePart(
        KeyGroupRange target, int index, KeyGroupRange keep, RescaleSource source, string columnFamily,
        RescaleRules rules)
    {
        var touching = Touching(source, columnFamily, keep);
        if (touching.Count == 0)
        {
            return null;
        }

        var taken = touching.Where(file => MayBeTaken(file, keep, target)).ToList();
        var straddling = touching.Where(file => !MayBeTaken(file, keep, target)).ToList();
        if (straddling.Count == 0)
        {
            return new()
            {
                Source = index,
                ColumnFamily = columnFamily,
                Keep = keep,
                Kind = RescalePartKind.Whole,
                Taken = taken,
                Read = [],
                Intervals = [],
                Reason = "no file reaches into another source's key groups",
            };
        }

        var straddlingBytes = straddling.Sum(file => BytesWithin(file, keep));
        var takenBytes = taken.Sum(file => BytesWithin(file, keep));
        var sizes = string.Create(
            CultureInfo.InvariantCulture,
            $"{straddling.Count} files reach out with {straddlingBytes:F0} bytes, {taken.Count} do not with "
            + $"{takenBytes:F0}");
        if (taken.Count == 0 || straddlingBytes > takenBytes * rules.MaxPatchShare)
        {
            return Rewritten(index, columnFamily, keep, touching, sizes);
        }

        var intervals = KeyInterval.Union(straddling.Select(file => KeyInterval.Of(file, keep)));
        return new()
        {
            Source = index,
            ColumnFamily = columnFamily,
            Keep = keep,
            Kind = RescalePartKind.Patch,
            Taken = taken,
            Read = [.. touching.Where(file => intervals.Any(interval => interval.Meets(file)))],
            Intervals = intervals,
            Reason = sizes,
        };
    }

    private static void LimitLevel0(
        List<RescalePart> parts, IReadOnlyList<RescaleSource> sources, RescaleRules rules)
    {
        // A single source is left as it is: its own database lived with these files.
        while (parts.Count > 1 && parts.Sum(static part => part.Level0Count) is var count
            && count > rules.MaxLevel0Files)
        {
            var smallest = parts.Where(static part => part.Level0Count > 0)
                .MinBy(part => Touching(sources[part.Source], part.ColumnFamily, part.Keep)
                    .Sum(file => BytesWithin(file, part.Keep)))!;
            parts[parts.IndexOf(smallest)] = Rewritten(
                smallest.Source, smallest.ColumnFamily, smallest.Keep,
                Touching(sources[smallest.Source], smallest.ColumnFamily, smallest.Keep),
                $"level 0 would begin with {count} files");
        }
    }

    private static RescalePart Rewritten(
        int index, string columnFamily, KeyGroupRange keep, IReadOnlyList<LiveFile> touching, string reason) => new()
        {
            Source = index,
            ColumnFamily = columnFamily,
            Keep = keep,
            Kind = RescalePartKind.Rewrite,
            Taken = [],
            Read = touching,
            Intervals = [KeyInterval.Of(keep)],
            Reason = reason,
        };

    private static List<LiveFile> Touching(RescaleSource source, string columnFamily, KeyGroupRange keep) =>
        [.. source.Files.Where(file =>
            file.ColumnFamily == columnFamily && RowBounds.Meet(file.SmallestKey, file.LargestKey, keep))];

    private static bool MayBeTaken(LiveFile file, KeyGroupRange keep, KeyGroupRange target)
    {
        var (lower, end) = RowBounds.Of(keep);
        return (keep.First == target.First || !IsBelow(file.SmallestKey, lower))
            && (keep.Last == target.Last || IsBelow(file.LargestKey, end));
    }

    /// <summary>Bytes of a file in some key groups, as if all between its bounds were of one size.</summary>
    private static double BytesWithin(LiveFile file, KeyGroupRange range)
    {
        var all = new KeyGroupRange(
            KeyedRowKey.ReadKeyGroup(file.SmallestKey), KeyedRowKey.ReadKeyGroup(file.LargestKey));
        return file.SizeBytes * ((double)all.Intersect(range).Count / all.Count);
    }

    private static bool IsBelow(byte[] key, byte[] bound) => key.AsSpan().SequenceCompareTo(bound) < 0;
}
