using Checkpointing.KeyGroups;
using Checkpointing.RocksDb.Native;

namespace Checkpointing.RocksDb.Restore;

/// <summary>One source of a rescaled restore: a stored snapshot as far as the plan needs it.</summary>
/// <param name="Range">Key groups of the backend that made it.</param>
/// <param name="Files">Its files.</param>
internal sealed record RescaleSource(KeyGroupRange Range, IReadOnlyList<LiveFile> Files);

/// <summary>How a column family of one source comes into the new database.</summary>
internal enum RescalePartKind
{
    /// <summary>The files that meet the key groups wanted, as they are.</summary>
    Whole,

    /// <summary>The files that may be taken, and a patch: one file of level 0 above them that settles the keys of the
    /// others.</summary>
    Patch,

    /// <summary>The rows wanted, written into new files of the last level.</summary>
    Rewrite,
}

/// <summary>One column family of one source.</summary>
internal sealed record RescalePart
{
    /// <summary>Index of the source.</summary>
    public required int Source { get; init; }

    /// <summary>Name of the column family.</summary>
    public required string ColumnFamily { get; init; }

    /// <summary>Key groups that come from this source.</summary>
    public required KeyGroupRange Keep { get; init; }

    /// <summary>How they come.</summary>
    public required RescalePartKind Kind { get; init; }

    /// <summary>Files imported as they are.</summary>
    public required IReadOnlyList<LiveFile> Taken { get; init; }

    /// <summary>Files whose rows must be read, those of <see cref="Taken"/> among them that a patch is laid
    /// over.</summary>
    public required IReadOnlyList<LiveFile> Read { get; init; }

    /// <summary>The keys that are read.</summary>
    public required IReadOnlyList<KeyInterval> Intervals { get; init; }

    /// <summary>Why it comes this way.</summary>
    public required string Reason { get; init; }

    /// <summary>Files that it brings into level 0.</summary>
    internal int Level0Count => Kind == RescalePartKind.Rewrite
        ? 0
        : Taken.Count(static file => file.Level == 0) + (Kind == RescalePartKind.Patch ? 1 : 0);
}

/// <summary>How a backend gets its rows from snapshots of other key-group ranges.</summary>
/// <param name="Parts">What is imported; a column family without a part is empty.</param>
/// <param name="Refusal">Why importing is not possible and rows must be put one by one; null if it is.</param>
internal sealed record RescalePlan(IReadOnlyList<RescalePart> Parts, string? Refusal)
{
    /// <summary>Parts of a kind.</summary>
    internal int Count(RescalePartKind kind) => Parts.Count(part => part.Kind == kind);
}
