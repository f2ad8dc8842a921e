using Checkpointing.Storage;

namespace Checkpointing.Statistics;

/// <summary>Statistics as they lie on storage: what a job's processes have left, without a job.</summary>
/// <remarks>They are written behind the checkpoints, at best effort: the last ten seconds of a process that died may be
/// missing. Reading changes nothing, also beside a running job.</remarks>
public static class StoredStatistics
{
    /// <summary>Longest segment that is read, in bytes.</summary>
    internal const int MaxSegmentBytes = 16 * 1024 * 1024;

    /// <summary>Reports that are read, the newest.</summary>
    internal const int MaxHistory = 1_000;

    /// <summary>Reads a job's statistics. What is damaged, or of a newer version of this library, is left
    /// out.</summary>
    /// <param name="storage">Where the job's checkpoints are.</param>
    /// <param name="job">The job.</param>
    /// <param name="cancellationToken">Observed between two files.</param>
    /// <returns>Empty if there are none. What is discarded is not known here.</returns>
    /// <exception cref="CheckpointStorageUnavailableException">The storage does not answer; try again
    /// later.</exception>
    public static async Task<CheckpointStatistics> ReadAsync(
        ICheckpointStorage storage, JobId job, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(storage);
        var paths = new List<string>();
        await foreach (var file in storage.ListAsync(CheckpointLayout.StatisticsFolder(job), cancellationToken)
            .ConfigureAwait(false))
        {
            paths.Add(file.Path);
        }

        var found = await ReadAsync(storage, job, Sort(paths), cancellationToken).ConfigureAwait(false);
        return found.Unavailable is { } cause ? throw cause : found.ToStatistics(job, MaxHistory);
    }

    /// <summary>Paths of segments among these, oldest first.</summary>
    internal static IReadOnlyList<string> Sort(IEnumerable<string> paths) =>
    [
        .. paths.Where(static path => CheckpointLayout.TryGetStatistics(path, out _, out _))
            .OrderBy(static path => CheckpointLayout.TryGetStatistics(path, out var epoch, out _) ? epoch : 0)
            .ThenBy(static path => CheckpointLayout.TryGetStatistics(path, out _, out var number) ? number : 0)
            .ThenBy(static path => path, StringComparer.Ordinal),
    ];

    /// <summary>Reads segments, the newest first, back to one that holds everything.</summary>
    internal static async Task<FoundStatistics> ReadAsync(
        ICheckpointStorage storage, JobId job, IReadOnlyList<string> sorted, CancellationToken cancellationToken)
    {
        var found = new FoundStatistics();
        for (var i = sorted.Count - 1; i >= 0; i--)
        {
            try
            {
                var bytes = await storage.ReadAllAsync(sorted[i], MaxSegmentBytes, cancellationToken)
                    .ConfigureAwait(false);
                var segment = StatisticsSegmentReader.Read(bytes, sorted[i]);
                if (segment.Job != job)
                {
                    throw new CheckpointCorruptException(sorted[i], 0, $"job '{job}'", $"job '{segment.Job}'");
                }

                found.Segments.Insert(0, segment);
                if (segment.IsWhole)
                {
                    found.SupersededCount = i;
                    break;
                }
            }
            catch (CheckpointStorageUnavailableException e)
            {
                found.Unavailable ??= e;
            }
            catch (CheckpointingException e)
            {
                found.UnreadableCount++;
                found.FirstUnreadable ??= (sorted[i], e);
            }
        }

        return found;
    }
}

/// <summary>What was found of a job's segments.</summary>
internal sealed class FoundStatistics
{
    /// <summary>Those that could be read, oldest first.</summary>
    public List<StatisticsSegment> Segments { get; } = [];

    /// <summary>How many of the oldest are not needed any more.</summary>
    public int SupersededCount { get; set; }

    public int UnreadableCount { get; set; }

    public (string Path, CheckpointingException Cause)? FirstUnreadable { get; set; }

    /// <summary>The storage did not give one of them now.</summary>
    public CheckpointStorageUnavailableException? Unavailable { get; set; }

    public CheckpointStatistics ToStatistics(JobId job, int maxHistory)
    {
        var newest = Segments.LastOrDefault();
        return new(job)
        {
            Counts = newest?.Counts ?? CheckpointCounts.Zero,
            History =
            [
                .. Segments.SelectMany(static segment => segment.Reports)
                    .DistinctBy(static report => (report.Epoch, report.Id)).TakeLast(maxHistory),
            ],
            LatestCompleted = newest?.LatestCompleted,
            LatestSavepoint = newest?.LatestSavepoint,
            LatestFailed = newest?.LatestFailed,
            LatestRestored = newest?.LatestRestored,
            HasEarlierHistory = true,
        };
    }
}
