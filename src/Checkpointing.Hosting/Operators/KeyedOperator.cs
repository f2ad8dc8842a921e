namespace Checkpointing.Hosting.Operators;

/// <summary>User code with state by key and one input. One instance a subtask and attempt.</summary>
/// <remarks>All members are called by one caller at a time, <see cref="Process"/> and
/// <see cref="KeyedOperatorBase{TKey, TOut}.OnTimer"/> inside the scope of the record's key.</remarks>
/// <typeparam name="TKey">Type of the key.</typeparam>
/// <typeparam name="TIn">Type of the records that come in.</typeparam>
/// <typeparam name="TOut">Type of the records that go out.</typeparam>
public abstract class KeyedOperator<TKey, TIn, TOut> : KeyedOperatorBase<TKey, TOut>
    where TKey : notnull
{
    /// <summary>Handles a record.</summary>
    public abstract void Process(TIn value, KeyedElementContext<TKey> context, Emitter<TOut> output);
}
