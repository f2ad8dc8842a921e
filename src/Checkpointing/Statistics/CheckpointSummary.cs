namespace Checkpointing.Statistics;

/// <summary>How times and sizes are distributed over the completed checkpoints of the history, savepoints
/// included.</summary>
public sealed class CheckpointSummary
{
    internal CheckpointSummary(IReadOnlyList<CheckpointReport> completed)
    {
        Duration = ValueSummary.Of(completed.Select(static one => one.Duration));
        StartDelay = ValueSummary.Of(completed.Select(static one => one.LongestTimes.StartDelay));
        Alignment = ValueSummary.Of(completed.Select(static one => one.LongestTimes.Alignment));
        Synchronous = ValueSummary.Of(completed.Select(static one => one.LongestTimes.Synchronous));
        Asynchronous = ValueSummary.Of(completed.Select(static one => one.LongestTimes.Asynchronous));
        StateSizeBytes = ValueSummary.Of(completed.Select(static one => one.StateSizeBytes));
        NewBytes = ValueSummary.Of(completed.Select(static one => one.Cost.NewBytes));
        ReusedBytes = ValueSummary.Of(completed.Select(static one => one.Cost.ReusedBytes));
        MetadataSizeBytes = ValueSummary.Of(completed.Select(static one => one.MetadataSizeBytes));
    }

    /// <summary>From trigger to durable.</summary>
    public ValueSummary<TimeSpan> Duration { get; }

    /// <summary>The longest start delay of each checkpoint.</summary>
    public ValueSummary<TimeSpan> StartDelay { get; }

    /// <summary>The longest alignment of each checkpoint.</summary>
    public ValueSummary<TimeSpan> Alignment { get; }

    /// <summary>The longest standstill of each checkpoint.</summary>
    public ValueSummary<TimeSpan> Synchronous { get; }

    /// <summary>The longest asynchronous part of each checkpoint.</summary>
    public ValueSummary<TimeSpan> Asynchronous { get; }

    /// <summary>Bytes of the whole state.</summary>
    public ValueSummary<long> StateSizeBytes { get; }

    /// <summary>Bytes stored for the checkpoint.</summary>
    public ValueSummary<long> NewBytes { get; }

    /// <summary>Bytes of earlier checkpoints used again.</summary>
    public ValueSummary<long> ReusedBytes { get; }

    /// <summary>Bytes of the metadata file.</summary>
    public ValueSummary<long> MetadataSizeBytes { get; }
}
