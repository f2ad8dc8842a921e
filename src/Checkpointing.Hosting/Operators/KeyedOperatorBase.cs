using Checkpointing.State;

namespace Checkpointing.Hosting.Operators;

/// <summary>What all user code with state by key has in common, whatever its inputs are. One instance a subtask and
/// attempt.</summary>
/// <remarks>All members are called by one caller at a time. An instance that is <see cref="IDisposable"/> is disposed
/// when its subtask ends.</remarks>
/// <typeparam name="TKey">Type of the key.</typeparam>
/// <typeparam name="TOut">Type of the records that go out.</typeparam>
public abstract class KeyedOperatorBase<TKey, TOut>
    where TKey : notnull
{
    /// <summary>All states, known before any task starts: they are checked against the checkpoint.</summary>
    public virtual IReadOnlyList<StateDescriptor> States => [];

    /// <summary>Whether it registers timers, or asks for the watermark: with them the watermark is state, too. Default:
    /// true; false spares the state of timers and the look at it.</summary>
    public virtual bool UsesTimers => true;

    /// <summary>Called once, after the state was restored and before the first record.</summary>
    public virtual void Open(KeyedOperatorContext<TKey> context)
    {
    }

    /// <summary>Handles a timer that is due. The scopes of its key and of its namespace are open.</summary>
    /// <remarks>Timers of event time fire before the watermark that makes them due reaches
    /// <see cref="KeyedElementContext{TKey}.Watermark"/>.</remarks>
    public virtual void OnTimer(StateTimer timer, KeyedElementContext<TKey> context, Emitter<TOut> output)
    {
    }

    /// <summary>Called at each checkpoint, before the state is cut: puts what is kept elsewhere into operator
    /// state.</summary>
    public virtual void SnapshotState()
    {
    }
}
