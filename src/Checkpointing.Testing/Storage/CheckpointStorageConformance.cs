using Checkpointing.Storage;

namespace Checkpointing.Testing.Storage;

/// <summary>The contract of <see cref="ICheckpointStorage"/> as cases to run against one's own storage.</summary>
public static class CheckpointStorageConformance
{
    /// <summary>All cases; each wants an empty storage of its own.</summary>
    public static IReadOnlyList<ConformanceCase<ICheckpointStorage>> Cases { get; } =
    [
        new("a committed file has bytes, length and digest of what was written", FileCases.ReadsWhatWasWrittenAsync),
        new("an empty file is a file", FileCases.KeepsEmptyFileAsync),
        new("a file is invisible before it is committed", FileCases.IsInvisibleBeforeCommitAsync),
        new("an abandoned file leaves nothing", FileCases.AbandonLeavesNothingAsync),
        new("creating a file that exists is refused and changes nothing", FileCases.RefusesToReplaceAsync),
        new("a cancelled commit makes nothing visible", FileCases.CancelledCommitIsInvisibleAsync),
        new("reading begins at the offset", FileCases.ReadsFromOffsetAsync),
        new("a missing file is reported as missing", FileCases.ReportsMissingFileAsync),
        new("deleting twice is no error", FileCases.DeletesIdempotentlyAsync),
        new("paths outside the root are refused", FileCases.RefusesBadPathsAsync),
        new("a listing is recursive and keeps to its folder", ListingCases.KeepsToItsFolderAsync),
        new("a listing of a folder that is not there is empty", ListingCases.MissingFolderIsEmptyAsync),
        new("any folder can be synced", ListingCases.SyncsAnyFolderAsync),
        new("a copy has the same bytes and outlives its source", CopyCases.CopyOutlivesSourceAsync),
        new("copying over a file or from nothing is refused", CopyCases.RefusesBadCopiesAsync),
        new("local files can be stored and fetched", CopyCases.TransfersLocalFilesAsync),
        new("of many creators of one file exactly one wins", ConcurrencyCases.OneCreatorWinsAsync),
        new("creating works while others empty the folder", ConcurrencyCases.CreatesWhileOthersEmptyTheFolderAsync),
        new("a listing bears creations and deletions beside it", ConcurrencyCases.ListsWhileFilesComeAndGoAsync),
        new("a sweep keeps what a living writer still writes", ConcurrencyCases.SweepKeepsLivingWriterAsync),
    ];
}
