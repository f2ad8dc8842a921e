using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>Declares an accumulator a key.</summary>
/// <param name="name">Name, unique within the operator.</param>
/// <param name="aggregator">What is accumulated, and how.</param>
/// <param name="serializer">Of accumulators. Null: the built-in one of exactly this type.</param>
public sealed class AggregatingStateDescriptor<TIn, TAccumulator, TOut>(
    string name, Aggregator<TIn, TAccumulator, TOut> aggregator, StateSerializer<TAccumulator>? serializer = null)
    : StateDescriptor(name, StateKind.Aggregating)
{
    /// <summary>What is accumulated, and how.</summary>
    public Aggregator<TIn, TAccumulator, TOut> Aggregator { get; } =
        aggregator ?? throw new ArgumentNullException(nameof(aggregator));

    /// <inheritdoc/>
    public override StateSerializer Value => AccumulatorSerializer;

    internal StateSerializer<TAccumulator> AccumulatorSerializer => Resolve(serializer);
}
