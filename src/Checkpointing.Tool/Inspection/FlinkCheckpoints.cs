using Checkpointing.Inspection;
using Checkpointing.Storage;
using Checkpointing.Tool.Metadata;

namespace Checkpointing.Tool.Inspection;

/// <summary>What care of checkpoints does about Flink's: it says why not. Its metadata has no digests, and which of its
/// jobs may still need a file is written nowhere.</summary>
internal static class FlinkCheckpoints
{
    /// <summary>Refuses a command that is asked for one of Flink's checkpoints.</summary>
    /// <param name="one">The checkpoint.</param>
    /// <param name="why">Goes on after "Flink wrote it".</param>
    public static void Refuse(StoredCheckpoint one, string why)
    {
        if (one.Status == StoredCheckpointStatus.Flink)
        {
            throw new ToolException($"'{one.Path}': Flink wrote it; {why}.", ExitCodes.Problem);
        }
    }

    /// <summary>Refuses a command over a root, or a job's folder, where all checkpoints are Flink's.</summary>
    /// <param name="census">What is there.</param>
    /// <param name="job">Only what lies in this job's folder; null: all.</param>
    /// <param name="why">Goes on after "Flink wrote all checkpoints here".</param>
    public static void RefuseIfAll(StorageCensus census, JobId? job, string why)
    {
        var here = census.Checkpoints.Where(one => job is not { } wanted || one.ListedBy == wanted
            || StoragePath.IsBelow(one.Path, wanted.Name)).ToList();
        if (here.Count > 0 && here.TrueForAll(static one => one.Status == StoredCheckpointStatus.Flink))
        {
            throw new ToolException($"Flink wrote all checkpoints here; {why}.", ExitCodes.Problem);
        }
    }

    /// <summary>As <see cref="RefuseIfAll"/>; where they are among others, says that they are passed over.</summary>
    public static void PassOver(StorageCensus census, JobId? job, string why)
    {
        RefuseIfAll(census, job, why);
        var count = census.Checkpoints.Count(static one => one.Status == StoredCheckpointStatus.Flink);
        if (count > 0)
        {
            ToolCensus.Warn($"{PlainText.Count(count, "checkpoint")} that Flink wrote: {why}.");
        }
    }

    /// <summary>Refuses to say who needs a file of Flink's.</summary>
    public static void RefuseFile(StorageCensus census, FileReport report)
    {
        if (report.Standing is FileStanding.Needed)
        {
            return;
        }

        foreach (var one in census.Checkpoints.Where(one => StoragePath.IsBelow(report.Path, one.Path)
            || one.Files.Any(file => file.Path == report.Path)))
        {
            Refuse(one, "which of its jobs still need a file only Flink can say, 'ls' lists what the metadata names");
        }
    }
}
