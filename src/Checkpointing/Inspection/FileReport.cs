using Checkpointing.StateHandles;

namespace Checkpointing.Inspection;

/// <summary>What a stored file is there for.</summary>
public enum FileStanding
{
    /// <summary>A checkpoint that is kept needs it.</summary>
    Needed = 0,

    /// <summary>A job's register.</summary>
    Register = 1,

    /// <summary>A pin, or the mark of a claimed savepoint.</summary>
    Mark = 2,

    /// <summary>No checkpoint needs it, but the present epoch of its job made it: it belongs to the coordinator, if one
    /// is living.</summary>
    Current = 3,

    /// <summary>It cannot be told whether somebody needs it; <see cref="FileReport.Detail"/> says what would
    /// tell.</summary>
    Held = 4,

    /// <summary>An older epoch made it, nothing reaches it, and nothing ever can.</summary>
    Orphan = 5,

    /// <summary>No file that this library makes in a job's folder: never touched.</summary>
    Unknown = 6,

    /// <summary>A checkpoint names it, but it is not there.</summary>
    Missing = 7,

    /// <summary>Statistics of a job: no checkpoint needs them, and its coordinator keeps their number
    /// bounded.</summary>
    Statistics = 8,
}

/// <summary>What a file is there for.</summary>
/// <param name="Path">The file.</param>
/// <param name="Bytes">Its length; 0 if it is not there.</param>
/// <param name="Standing">What it is there for.</param>
/// <param name="NeededBy">Everybody who needs it.</param>
/// <param name="Detail">The same for people, one sentence.</param>
public sealed record FileReport(
    string Path, long Bytes, FileStanding Standing, ValueList<FileNeed> NeededBy, string Detail)
{
    /// <summary>Whether nothing needs it and nothing ever can: a sweep deletes it.</summary>
    public bool IsOrphan => Standing == FileStanding.Orphan;
}

/// <summary>A checkpoint that needs a file.</summary>
/// <param name="Job">The job whose register lists it, or that holds it; null for a savepoint.</param>
/// <param name="CheckpointId">Its id; null if it has none.</param>
/// <param name="Path">Its folder.</param>
/// <param name="As">What the file is to it.</param>
/// <param name="Status">How the checkpoint stands.</param>
public sealed record FileNeed(
    JobId? Job, CheckpointId? CheckpointId, string Path, CheckpointFileScope As, StoredCheckpointStatus Status);

/// <summary>A file that no checkpoint needs.</summary>
/// <param name="Path">The file.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Age">Since its bytes were written; tells a person something, and decides nothing.</param>
/// <param name="Why">One sentence.</param>
public sealed record UnneededFile(string Path, long Bytes, TimeSpan Age, string Why);

/// <summary>Files that no checkpoint needs.</summary>
/// <param name="Files">Orphans, in the order in which they may be deleted: metadata first.</param>
/// <param name="Current">Made by the present epoch of their job: left to its coordinator, or to the sweep of its next
/// start.</param>
/// <param name="Held">Not to be told; each says why.</param>
/// <param name="Unknown">No files of ours.</param>
public sealed record OrphanReport(
    IReadOnlyList<UnneededFile> Files,
    IReadOnlyList<UnneededFile> Current,
    IReadOnlyList<UnneededFile> Held,
    IReadOnlyList<UnneededFile> Unknown)
{
    /// <summary>Bytes of the orphans.</summary>
    public long Bytes => Files.Sum(static file => file.Bytes);
}
