namespace Checkpointing.Hosting.Operators;

/// <summary>User code with state by key and two inputs that share it. One instance a subtask and attempt.</summary>
/// <remarks>All members are called by one caller at a time, inside the scope of the record's key. Event time is the
/// least of both inputs'. The order of records of one input and key is kept; between the two inputs there is
/// none.</remarks>
/// <typeparam name="TKey">Type of the key.</typeparam>
/// <typeparam name="TFirst">Type of the first input's records.</typeparam>
/// <typeparam name="TSecond">Type of the second input's records.</typeparam>
/// <typeparam name="TOut">Type of the records that go out.</typeparam>
public abstract class KeyedTwoInputOperator<TKey, TFirst, TSecond, TOut> : KeyedOperatorBase<TKey, TOut>
    where TKey : notnull
{
    /// <summary>Handles a record of the first input.</summary>
    public abstract void ProcessFirst(TFirst value, KeyedElementContext<TKey> context, Emitter<TOut> output);

    /// <summary>Handles a record of the second input.</summary>
    public abstract void ProcessSecond(TSecond value, KeyedElementContext<TKey> context, Emitter<TOut> output);
}
