using Checkpointing.Hosting.Operators;

namespace Checkpointing.Hosting.Windows;

/// <summary>User code that sees all records of a window at once. One instance a subtask and attempt.</summary>
/// <remarks>The records are kept until the window is forgotten; where a fold is enough,
/// <see cref="WindowedStream{TKey, T}.Reduce{TOut}"/> and <see cref="WindowedStream{TKey, T}.Aggregate"/> keep one
/// value instead.</remarks>
/// <typeparam name="TKey">Type of the key.</typeparam>
/// <typeparam name="TIn">Type of the records that come in.</typeparam>
/// <typeparam name="TOut">Type of the records that go out.</typeparam>
public abstract class WindowFunction<TKey, TIn, TOut>
    where TKey : notnull
{
    /// <summary>Called each time the window fires. What it emits has the window's last millisecond as its event
    /// time.</summary>
    /// <param name="key">The key.</param>
    /// <param name="window">The window.</param>
    /// <param name="records">All records of the key in the window, in the order in which they were handled.</param>
    /// <param name="output">Takes the results.</param>
    public abstract void Process(TKey key, TimeWindow window, IReadOnlyList<TIn> records, Emitter<TOut> output);
}
