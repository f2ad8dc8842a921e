using Checkpointing.State;

namespace Checkpointing.Hosting.Runtime;

/// <summary>What travels between two subtasks, in order. Immutable once it has been sent.</summary>
internal abstract class StreamElement;

/// <summary>Records of one edge, each with its event time.</summary>
internal sealed class RecordBatch<T>(int capacity) : StreamElement
{
    private readonly T[] _values = new T[capacity];
    private readonly Timestamp[] _times = new Timestamp[capacity];

    public int Count { get; private set; }

    public bool IsFull => Count == _values.Length;

    public ReadOnlySpan<T> Values => _values.AsSpan(0, Count);

    public ReadOnlySpan<Timestamp> Times => _times.AsSpan(0, Count);

    public void Add(T value, Timestamp time)
    {
        _values[Count] = value;
        _times[Count++] = time;
    }
}

/// <summary>No record at or before this time follows on this input.</summary>
internal sealed class WatermarkElement(Timestamp time) : StreamElement
{
    public Timestamp Time { get; } = time;
}

/// <summary>Nothing is in sight on this input: it holds event time back no more, until a record or a watermark
/// comes.</summary>
internal sealed class IdleElement : StreamElement
{
    public static IdleElement Instance { get; } = new();
}

/// <summary>The cut of a checkpoint: all before it belongs to it, nothing after.</summary>
internal sealed class BarrierElement(SnapshotRequest request) : StreamElement
{
    public SnapshotRequest Request { get; } = request;
}

/// <summary>No record follows on this input. Barriers still may, until <see cref="FinishedElement"/>.</summary>
internal sealed class EndOfInputElement : StreamElement
{
    public static EndOfInputElement Instance { get; } = new();
}

/// <summary>Whoever fed this input has finished after its end: no barrier follows, so none is waited for.</summary>
internal sealed class FinishedElement : StreamElement
{
    public static FinishedElement Instance { get; } = new();

    /// <summary>What an input brings whose feeder had finished before the restore.</summary>
    public static IReadOnlyList<StreamElement> WholeEnd { get; } =
        [new WatermarkElement(Timestamp.MaxValue), EndOfInputElement.Instance, Instance];
}
