using Checkpointing.State;

namespace Checkpointing.Hosting.Operators;

/// <summary>User code without keys: it may have operator state. One instance a subtask and attempt.</summary>
/// <remarks>All members are called by one caller at a time. An instance that is <see cref="IDisposable"/> is disposed
/// when its subtask ends. What needs neither state nor a name is a <see cref="DataStream{T}.Map"/> or
/// <see cref="DataStream{T}.Filter"/>.</remarks>
/// <typeparam name="TIn">Type of the records that come in.</typeparam>
/// <typeparam name="TOut">Type of the records that go out.</typeparam>
public abstract class StreamOperator<TIn, TOut>
{
    /// <summary>All states, lists and broadcast maps, known before any task starts: they are checked against the
    /// checkpoint.</summary>
    public virtual IReadOnlyList<StateDescriptor> States => [];

    /// <summary>Called once, after the state was restored and before the first record.</summary>
    public virtual void Open(OperatorContext context)
    {
    }

    /// <summary>Handles a record.</summary>
    public abstract void Process(TIn value, ElementContext context, Emitter<TOut> output);

    /// <summary>Called at each checkpoint, before the state is cut: puts what is kept elsewhere into the state. What is
    /// emitted here still belongs to the checkpoint.</summary>
    public virtual void SnapshotState(Emitter<TOut> output)
    {
    }

    /// <summary>Event time has moved: no record at or before the watermark is still expected. At the end of the input
    /// it is <see cref="Timestamp.MaxValue"/>.</summary>
    public virtual void OnWatermark(Timestamp watermark, Emitter<TOut> output)
    {
    }
}
