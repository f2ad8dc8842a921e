using Checkpointing.Inspection;
using Checkpointing.Statistics;
using Checkpointing.Storage;

namespace Checkpointing.Tool.Inspection;

/// <summary>What the jobs of a census have recorded of their checkpoints.</summary>
internal sealed class ToolHistory
{
    private readonly Dictionary<JobId, CheckpointStatistics> _jobs = [];
    private readonly Dictionary<string, CheckpointReport> _reports = new(StringComparer.Ordinal);

    private ToolHistory()
    {
    }

    /// <summary>Reads it. A job without statistics, or whose statistics cannot be read, has none here.</summary>
    public static async Task<ToolHistory> ReadAsync(
        ICheckpointStorage storage, StorageCensus census, CancellationToken cancellationToken)
    {
        var history = new ToolHistory();
        var folders = census.Files.Select(static file => StoragePath.FolderOf(file.Path))
            .ToHashSet(StringComparer.Ordinal);
        foreach (var job in census.Jobs.Select(static one => one.Job)
            .Where(job => folders.Contains(CheckpointLayout.StatisticsFolder(job))))
        {
            try
            {
                var found = await StoredStatistics.ReadAsync(storage, job, cancellationToken).ConfigureAwait(false);
                history._jobs.Add(job, found);
                foreach (var report in found.History)
                {
                    history._reports[report.Path] = report;
                }
            }
            catch (CheckpointStorageUnavailableException exception)
            {
                ToolCensus.Warn($"The statistics of job '{job}' cannot be read: {exception.Message}");
            }
        }

        return history;
    }

    /// <summary>What a job has recorded; null if nothing.</summary>
    public CheckpointStatistics? Of(JobId job) => _jobs.GetValueOrDefault(job);

    /// <summary>What is recorded of the checkpoint of a folder; null if nothing.</summary>
    public CheckpointReport? Of(string path) => _reports.GetValueOrDefault(path);

    /// <summary>Where the time of the checkpoint of a folder went; null if that is not known.</summary>
    public CheckpointPhases? PhasesOf(string path) => Of(path)?.Phases;
}
