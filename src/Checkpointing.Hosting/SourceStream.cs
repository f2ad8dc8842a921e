using Checkpointing.Hosting.Definition;
using Checkpointing.State;

namespace Checkpointing.Hosting;

/// <summary>The records of a source, before event time is given to them.</summary>
/// <typeparam name="T">Type of the records.</typeparam>
public sealed class SourceStream<T> : DataStream<T>
{
    private readonly SourceVertex<T> _vertex;

    internal SourceStream(StreamJobBuilder job, SourceVertex<T> vertex)
        : base(job, StreamOrigin.Of(vertex, vertex.Outputs)) => _vertex = vertex;

    /// <summary>Gives each record its event time and makes watermarks: without it there are no timers until the input
    /// ends.</summary>
    /// <param name="extract">Event time of a record.</param>
    /// <param name="maxOutOfOrderness">How much older than the newest record before it a record may be without being
    /// late.</param>
    /// <param name="recordsPerWatermark">Records between two watermarks, at least 1. Counted, not timed, so that every
    /// replay has its watermarks between the same records.</param>
    public SourceStream<T> WithEventTime(
        Func<T, Timestamp> extract, TimeSpan maxOutOfOrderness, int recordsPerWatermark = 128)
    {
        ArgumentNullException.ThrowIfNull(extract);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxOutOfOrderness, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(recordsPerWatermark, 1);
        _vertex.EventTime = new(extract, (long)maxOutOfOrderness.TotalMilliseconds, recordsPerWatermark);
        return this;
    }

    /// <summary>A subtask of the source at which nothing has come for a while holds event time back no more, until its
    /// next record. Default: it always does.</summary>
    /// <remarks>What is late then depends on when records come: a replay may decide otherwise.</remarks>
    /// <param name="after">Time without a record, by the clock of the process; at least 1 ms.</param>
    public SourceStream<T> WithIdleness(TimeSpan after)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(after, TimeSpan.FromMilliseconds(1));
        _vertex.IdleAfter = after;
        return this;
    }
}
