using Checkpointing.Hosting.Definition;
using Checkpointing.State;

namespace Checkpointing.Hosting;

/// <summary>The records of a source, before event time is given to them.</summary>
/// <typeparam name="T">Type of the records.</typeparam>
public sealed class SourceStream<T> : DataStream<T>
{
    private readonly SourceVertex<T> _vertex;

    internal SourceStream(StreamJobBuilder job, SourceVertex<T> vertex)
        : base(job, new StreamOrigin<T, T>(vertex, static next => next)) => _vertex = vertex;

    /// <summary>Gives each record its event time and makes watermarks: without it there are no timers until the input
    /// ends.</summary>
    /// <param name="extract">Event time of a record.</param>
    /// <param name="maxOutOfOrderness">How much older than the newest record before it a record may be without being
    /// late.</param>
    /// <param name="recordsPerWatermark">Records between two watermarks, at least 1. Counted, not timed, so that every
    /// replay has its watermarks between the same records.</param>
    public DataStream<T> WithEventTime(
        Func<T, Timestamp> extract, TimeSpan maxOutOfOrderness, int recordsPerWatermark = 128)
    {
        ArgumentNullException.ThrowIfNull(extract);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxOutOfOrderness, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(recordsPerWatermark, 1);
        _vertex.EventTime = new(extract, (long)maxOutOfOrderness.TotalMilliseconds, recordsPerWatermark);
        return this;
    }
}
