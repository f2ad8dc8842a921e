using Checkpointing.State;

namespace Checkpointing.Hosting.Operators;

/// <summary>User code with state by key. One instance a subtask and attempt.</summary>
/// <remarks>All members are called by one caller at a time, <see cref="Process"/> and <see cref="OnTimer"/> inside the
/// scope of the record's key. An instance that is <see cref="IDisposable"/> is disposed when its subtask
/// ends.</remarks>
/// <typeparam name="TKey">Type of the key.</typeparam>
/// <typeparam name="TIn">Type of the records that come in.</typeparam>
/// <typeparam name="TOut">Type of the records that go out.</typeparam>
public abstract class KeyedOperator<TKey, TIn, TOut>
    where TKey : notnull
{
    /// <summary>All states, known before any task starts: they are checked against the checkpoint.</summary>
    public virtual IReadOnlyList<StateDescriptor> States => [];

    /// <summary>Whether it registers timers. Default: true; false spares the state of timers and the look at
    /// it.</summary>
    public virtual bool UsesTimers => true;

    /// <summary>Called once, after the state was restored and before the first record.</summary>
    public virtual void Open(KeyedOperatorContext<TKey> context)
    {
    }

    /// <summary>Handles a record.</summary>
    public abstract void Process(TIn value, KeyedElementContext<TKey> context, Emitter<TOut> output);

    /// <summary>Handles a timer that is due. The scopes of its key and of its namespace are open.</summary>
    public virtual void OnTimer(StateTimer timer, KeyedElementContext<TKey> context, Emitter<TOut> output)
    {
    }
}
