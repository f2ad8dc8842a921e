namespace Checkpointing.State;

/// <summary>Folds elements into an accumulator, and reads a result out of it. One instance serves all subtasks: keep no
/// fields.</summary>
/// <typeparam name="TIn">Elements.</typeparam>
/// <typeparam name="TAccumulator">What is stored. Counts as immutable: a method that changes it returns
/// another.</typeparam>
/// <typeparam name="TOut">The result.</typeparam>
public abstract class Aggregator<TIn, TAccumulator, TOut>
{
    /// <summary>The accumulator of no element.</summary>
    public abstract TAccumulator CreateAccumulator();

    /// <summary>The accumulator with one more element.</summary>
    public abstract TAccumulator Add(TAccumulator accumulator, TIn element);

    /// <summary>The result so far.</summary>
    public abstract TOut GetResult(TAccumulator accumulator);

    /// <summary>The accumulator of the elements of both.</summary>
    public abstract TAccumulator Merge(TAccumulator left, TAccumulator right);
}
