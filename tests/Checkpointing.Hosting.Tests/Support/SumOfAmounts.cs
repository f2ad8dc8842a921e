using Checkpointing.State;

namespace Checkpointing.Hosting.Tests.Support;

/// <summary>Sums amounts of orders.</summary>
internal sealed class SumOfAmounts : Aggregator<Order, long, long>
{
    public override long CreateAccumulator() => 0;

    public override long Add(long accumulator, Order element) => accumulator + element.Amount;

    public override long GetResult(long accumulator) => accumulator;

    public override long Merge(long left, long right) => left + right;
}
