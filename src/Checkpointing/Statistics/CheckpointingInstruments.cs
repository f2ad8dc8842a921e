using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Checkpointing.Diagnostics;
using Checkpointing.StateHandles;

namespace Checkpointing.Statistics;

/// <summary>What a coordinator's gauges read, at any time, from any thread.</summary>
internal interface IGaugeSource
{
    JobId Job { get; }

    CheckpointStatistics Statistics { get; }

    /// <summary>Time since the last checkpoint completed; null if there is none.</summary>
    TimeSpan? LastCompletedAge { get; }

    int SharedFiles { get; }

    int WaitingDeletions { get; }
}

/// <summary>The instruments of one meter; coordinators that are given the same meter share them.</summary>
/// <remarks>An instrument lives as long as its meter, so gauges read whichever coordinators are there: each adds
/// itself, and takes itself away when it ends. Safe for concurrent calls. Without a listener nothing is
/// allocated.</remarks>
internal sealed class CheckpointingInstruments
{
    private static readonly ConditionalWeakTable<Meter, CheckpointingInstruments> s_ofMeter = [];
    private static readonly Meter s_meter = new(CheckpointingMetrics.MeterName);

    private readonly Lock _lock = new();
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _blocked;
    private readonly Histogram<double> _alignment;
    private readonly Histogram<double> _startDelay;
    private readonly Histogram<double> _written;
    private readonly Histogram<double> _restoreDuration;
    private readonly Histogram<long> _metadataSize;
    private readonly Counter<long> _failures;
    private readonly Counter<long> _uploaded;
    private readonly Counter<long> _reused;
    private readonly Counter<long> _transferredFiles;
    private readonly Counter<long> _transferredSize;
    private readonly Counter<long> _orphansDeleted;
    private IGaugeSource[] _sources = [];

    private CheckpointingInstruments(Meter meter)
    {
        _duration = meter.CreateHistogram<double>(
            CheckpointingMetrics.Duration, "s", "From the trigger of a checkpoint or savepoint to its end.");
        _blocked = meter.CreateHistogram<double>(
            CheckpointingMetrics.Blocked, "s", "How long a subtask stood still for its snapshot.");
        _alignment = meter.CreateHistogram<double>(
            CheckpointingMetrics.Alignment, "s", "How long a subtask's inputs were blocked.");
        _startDelay = meter.CreateHistogram<double>(
            CheckpointingMetrics.StartDelay, "s", "From the trigger to the first barrier at a subtask.");
        _written = meter.CreateHistogram<double>(
            CheckpointingMetrics.Written, "s", "How long a subtask's snapshot was written beside it.");
        _restoreDuration = meter.CreateHistogram<double>(
            CheckpointingMetrics.RestoreDuration, "s", "From the beginning of recovery until all tasks ran.");
        _metadataSize = meter.CreateHistogram<long>(
            CheckpointingMetrics.MetadataSize, "By", "Bytes of the metadata of completed checkpoints.");
        _failures = meter.CreateCounter<long>(
            CheckpointingMetrics.Failures, "{checkpoint}", "Checkpoints and savepoints that failed.");
        _uploaded = meter.CreateCounter<long>(
            CheckpointingMetrics.Uploaded, "By", "Bytes that completed checkpoints stored.");
        _reused = meter.CreateCounter<long>(
            CheckpointingMetrics.Reused, "By", "Bytes of earlier checkpoints that completed ones use again.");
        _transferredFiles = meter.CreateCounter<long>(
            CheckpointingMetrics.TransferredFiles, "{file}", "Files that were brought to their place.");
        _transferredSize = meter.CreateCounter<long>(
            CheckpointingMetrics.TransferredSize, "By", "Bytes of files that were brought to their place.");
        _orphansDeleted = meter.CreateCounter<long>(
            CheckpointingMetrics.OrphansDeleted, "{file}", "Files of older epochs that sweeps deleted.");
        CreateGauges(meter);
    }

    /// <summary>The instruments of a meter.</summary>
    /// <param name="meter">Null: the process's own.</param>
    public static CheckpointingInstruments Of(Meter? meter) =>
        s_ofMeter.GetValue(meter ?? s_meter, static one => new(one));

    /// <summary>How many coordinators the gauges read.</summary>
    internal int SourceCount => Volatile.Read(ref _sources).Length;

    /// <summary>The gauges read this coordinator from now on.</summary>
    public void Add(IGaugeSource source)
    {
        lock (_lock)
        {
            Volatile.Write(ref _sources, [.. _sources, source]);
        }
    }

    /// <summary>They do not any more; nothing of it is held.</summary>
    public void Remove(IGaugeSource source)
    {
        lock (_lock)
        {
            Volatile.Write(ref _sources, [.. _sources.Where(one => one != source)]);
        }
    }

    /// <summary>A subtask's acknowledgement was taken.</summary>
    public void AddAcknowledged(JobId job, string operatorName, SnapshotTimes times)
    {
        Record(_startDelay, times.StartDelay, job, CheckpointingMetrics.OperatorTag, operatorName);
        Record(_alignment, times.Alignment, job, CheckpointingMetrics.OperatorTag, operatorName);
        Record(_blocked, times.Synchronous, job, CheckpointingMetrics.OperatorTag, operatorName);
        Record(_written, times.Asynchronous, job, CheckpointingMetrics.OperatorTag, operatorName);
    }

    /// <summary>A checkpoint completed or failed.</summary>
    public void AddEnded(JobId job, CheckpointReport report)
    {
        var kind = NameOf(report.Kind);
        if (_duration.Enabled)
        {
            _duration.Record(report.Duration.TotalSeconds, new TagList
            {
                { CheckpointingMetrics.JobTag, job.Name },
                { CheckpointingMetrics.OutcomeTag, OutcomeOf(report) },
                { CheckpointingMetrics.KindTag, kind },
            });
        }

        if (report.FailureReason is { } reason)
        {
            if (_failures.Enabled)
            {
                _failures.Add(1, new TagList
                {
                    { CheckpointingMetrics.JobTag, job.Name },
                    { CheckpointingMetrics.ReasonTag, reason.ToString() },
                    { CheckpointingMetrics.KindTag, kind },
                });
            }

            return;
        }

        AddCompleted(job, report);
    }

    /// <summary>The job runs, from a checkpoint.</summary>
    public void AddRestored(JobId job, RestoreReport report) =>
        Record(_restoreDuration, report.Duration, job, CheckpointingMetrics.KindTag, NameOf(report.Kind));

    /// <summary>A sweep deleted orphans.</summary>
    public void AddOrphans(JobId job, int count) => Add(_orphansDeleted, count, job, null, null);

    /// <summary>How a kind is called in tags.</summary>
    internal static string NameOf(CheckpointKind kind) => kind switch
    {
        CheckpointKind.Savepoint => "savepoint",
        CheckpointKind.FullCheckpoint => "full_checkpoint",
        _ => "checkpoint",
    };

    /// <summary>How an end is called in tags.</summary>
    internal static string OutcomeOf(CheckpointReport report) => report.FailureReason switch
    {
        null => "completed",
        CheckpointFailureReason.Expired => "expired",
        CheckpointFailureReason.TaskDeclined or CheckpointFailureReason.InsufficientSpace => "declined",
        _ => "failed",
    };

    private void AddCompleted(JobId job, CheckpointReport report)
    {
        if (_metadataSize.Enabled)
        {
            _metadataSize.Record(report.MetadataSizeBytes, TagsOf(job, null, null));
        }

        Add(_uploaded, report.Cost.NewBytes, job, null, null);
        Add(_reused, report.Cost.ReusedBytes, job, null, null);
        var ways = report.Cost.Transfers;
        AddWay(job, "linked", ways.LinkedFiles, ways.LinkedBytes);
        AddWay(job, "reflinked", ways.ReflinkedFiles, ways.ReflinkedBytes);
        AddWay(job, "copied", ways.CopiedFiles, ways.CopiedBytes);
        AddWay(job, "streamed", ways.StreamedFiles, ways.StreamedBytes);
    }

    private void AddWay(JobId job, string way, int files, long bytes)
    {
        Add(_transferredFiles, files, job, CheckpointingMetrics.WayTag, way);
        Add(_transferredSize, bytes, job, CheckpointingMetrics.WayTag, way);
    }

    private void CreateGauges(Meter meter)
    {
        meter.CreateObservableGauge(
            CheckpointingMetrics.InProgress, () => Read<long>(static one => (long)one.Statistics.Counts.InProgress),
            "{checkpoint}", "Checkpoints and savepoints in progress.");
        meter.CreateObservableGauge(
            CheckpointingMetrics.LastCompletedAge, () => Read<double>(static one => one.LastCompletedAge?.TotalSeconds),
            "s", "Time since the last checkpoint completed.");
        meter.CreateObservableGauge(
            CheckpointingMetrics.StateSize,
            () => Read<long>(static one => one.Statistics.LatestCompleted?.StateSizeBytes),
            "By", "Bytes of the state of the last completed checkpoint.");
        meter.CreateObservableGauge(
            CheckpointingMetrics.SharedFiles, () => Read<long>(static one => (long)one.SharedFiles),
            "{file}", "Shared files that checkpoints or running attempts own.");
        meter.CreateObservableGauge(
            CheckpointingMetrics.WaitingDeletions, () => Read<long>(static one => (long)one.WaitingDeletions),
            "{file}", "Files that nobody needs any more and that are not deleted yet.");
    }

    private List<Measurement<T>> Read<T>(Func<IGaugeSource, T?> read)
        where T : struct
    {
        var measurements = new List<Measurement<T>>();
        foreach (var source in Volatile.Read(ref _sources))
        {
            if (read(source) is { } value)
            {
                measurements.Add(new(value, new KeyValuePair<string, object?>(
                    CheckpointingMetrics.JobTag, source.Job.Name)));
            }
        }

        return measurements;
    }

    private static void Record(Histogram<double> histogram, TimeSpan time, JobId job, string tag, string value)
    {
        if (histogram.Enabled)
        {
            histogram.Record(time.TotalSeconds, TagsOf(job, tag, value));
        }
    }

    private static void Add(Counter<long> counter, long count, JobId job, string? tag, string? value)
    {
        if (counter.Enabled && count > 0)
        {
            counter.Add(count, TagsOf(job, tag, value));
        }
    }

    private static TagList TagsOf(JobId job, string? tag, string? value)
    {
        var tags = new TagList { { CheckpointingMetrics.JobTag, job.Name } };
        if (tag is not null)
        {
            tags.Add(tag, value);
        }

        return tags;
    }
}
