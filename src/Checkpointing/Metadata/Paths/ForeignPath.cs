namespace Checkpointing.Metadata.Paths;

/// <summary>Why a path does not stay where its checkpoint is.</summary>
public enum ForeignPathReason
{
    /// <summary>It has a segment <c>..</c>.</summary>
    ParentSegment = 0,

    /// <summary>It is of another file system: another scheme, host or bucket.</summary>
    OtherSystem = 1,

    /// <summary>It is absolute and lies elsewhere.</summary>
    OutsideRoot = 2,

    /// <summary>It is relative to the storage's root, but not in the one form that paths there have: an empty segment,
    /// <c>.</c>, a backslash or a control character.</summary>
    NotNormal = 3,

    /// <summary>It lies below the root, but a symbolic link leads it out: its text alone does not tell.</summary>
    SymbolicLink = 4,
}

/// <summary>A path in metadata that does not stay where its checkpoint is.</summary>
/// <param name="Place">Who names it.</param>
/// <param name="Path">The path as it is stored.</param>
/// <param name="Reason">Why.</param>
public sealed record ForeignPath(HandlePlace Place, string Path, ForeignPathReason Reason)
{
    /// <summary>One sentence.</summary>
    public override string ToString() => $"'{Path}' ({Place}) {WordsOf(Reason)}.";

    internal ForeignPathException ToException(string metadataPath) => new(
        metadataPath,
        $"names '{Path}' ({Place}), which {WordsOf(Reason)}",
        "Nothing was opened or deleted; use metadata whose files lie together, or trust it and say so.");

    private static string WordsOf(ForeignPathReason reason) => reason switch
    {
        ForeignPathReason.ParentSegment => "leaves its folder by '..'",
        ForeignPathReason.OtherSystem => "is of another file system",
        ForeignPathReason.OutsideRoot => "lies outside the checkpoint's root",
        ForeignPathReason.SymbolicLink => "is led out of the checkpoint's root by a symbolic link",
        _ => "has not the form of a path below the storage's root",
    };
}
