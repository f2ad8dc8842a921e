using Checkpointing.Hosting.Runtime;
using Checkpointing.State;

namespace Checkpointing.Hosting.Operators;

/// <summary>Sends records downstream. Never waits: back-pressure acts between two elements.</summary>
/// <typeparam name="T">Type of the records.</typeparam>
public sealed class Emitter<T>
{
    private readonly Collector<T> _target;

    internal Emitter(Collector<T> target) => _target = target;

    /// <summary>Time of the record or timer that is being handled.</summary>
    internal Timestamp Time { get; set; }

    /// <summary>Sends a record with the time of the record or timer that is being handled.</summary>
    public void Emit(T value) => _target.Collect(value, Time);

    /// <summary>Sends a record with a time of its own, at or after the watermark.</summary>
    public void Emit(T value, Timestamp time) => _target.Collect(value, time);
}
