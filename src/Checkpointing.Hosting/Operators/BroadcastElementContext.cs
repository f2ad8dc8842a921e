using Checkpointing.State;

namespace Checkpointing.Hosting.Operators;

/// <summary>The broadcast record that an operator is handling. Valid during the call only.</summary>
public sealed class BroadcastElementContext
{
    private readonly OperatorState _state;

    internal BroadcastElementContext(OperatorState state) => _state = state;

    /// <summary>Its event time; <see cref="Timestamp.MinValue"/> in a job without event time.</summary>
    public Timestamp Time { get; internal set; } = Timestamp.MinValue;

    /// <summary>Event time here: nothing at or before it is still expected on any input.</summary>
    public Timestamp Watermark { get; internal set; } = Timestamp.MinValue;

    /// <summary>A declared broadcast map, to change. Every subtask has to change its copy alike.</summary>
    /// <exception cref="InvalidOperationException">The state is not among those that the operator declares.</exception>
    public BroadcastState<TKey, TValue> GetState<TKey, TValue>(BroadcastStateDescriptor<TKey, TValue> descriptor)
        where TKey : notnull => _state.GetState(descriptor);
}
