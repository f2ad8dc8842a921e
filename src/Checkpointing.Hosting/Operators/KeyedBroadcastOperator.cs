namespace Checkpointing.Hosting.Operators;

/// <summary>User code with state by key, and a second input whose records all subtasks get: rules, settings, tables to
/// look up. One instance a subtask and attempt.</summary>
/// <remarks>
/// <para>All members are called by one caller at a time. What <see cref="ProcessBroadcast"/> puts into
/// <see cref="State.BroadcastStateDescriptor{TKey, TValue}">broadcast state</see> has to depend on the broadcast
/// records and that state alone: then every subtask's copy is the same at every checkpoint. <see cref="Process"/> reads
/// it (<see cref="KeyedOperatorContext{TKey}"/> gives it to read only).</para>
/// <para>Broadcast records reach all subtasks in one order when one subtask sends them; when several do, each one's
/// order is kept and there is none between them.</para>
/// </remarks>
/// <typeparam name="TKey">Type of the key.</typeparam>
/// <typeparam name="TIn">Type of the keyed input's records.</typeparam>
/// <typeparam name="TBroadcast">Type of the broadcast records.</typeparam>
/// <typeparam name="TOut">Type of the records that go out.</typeparam>
public abstract class KeyedBroadcastOperator<TKey, TIn, TBroadcast, TOut> : KeyedOperatorBase<TKey, TOut>
    where TKey : notnull
{
    /// <summary>Handles a record of the keyed input, inside the scope of its key.</summary>
    public abstract void Process(TIn value, KeyedElementContext<TKey> context, Emitter<TOut> output);

    /// <summary>Handles a broadcast record. There is no current key.</summary>
    public abstract void ProcessBroadcast(TBroadcast value, BroadcastElementContext context, Emitter<TOut> output);
}
