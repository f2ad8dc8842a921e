using Checkpointing.Hosting.Runtime;
using Checkpointing.State;

namespace Checkpointing.Hosting.Operators;

/// <summary>Sends records downstream. Never waits: back-pressure acts between two elements.</summary>
/// <typeparam name="T">Type of the records of the main output.</typeparam>
public sealed class Emitter<T>
{
    private readonly Collector<T> _target;
    private readonly SideOutputs _sides;

    internal Emitter(Collector<T> target, SideOutputs sides) => (_target, _sides) = (target, sides);

    /// <summary>Time of the record or timer that is being handled.</summary>
    internal Timestamp Time { get; set; }

    /// <summary>Sends a record with the time of the record or timer that is being handled.</summary>
    public void Emit(T value) => _target.Collect(value, Time);

    /// <summary>Sends a record with a time of its own, at or after the watermark.</summary>
    public void Emit(T value, Timestamp time) => _target.Collect(value, time);

    /// <summary>Sends a record to a side output, with the time of the record or timer that is being handled. What no
    /// stream reads (<see cref="OperatorStream{T}.SideOutput"/>) is dropped.</summary>
    public void Emit<TSide>(OutputTag<TSide> tag, TSide value) => Emit(tag, value, Time);

    /// <summary>Sends a record to a side output, with a time of its own.</summary>
    public void Emit<TSide>(OutputTag<TSide> tag, TSide value, Timestamp time)
    {
        ArgumentNullException.ThrowIfNull(tag);
        _sides.Collect(tag, value, time);
    }
}
