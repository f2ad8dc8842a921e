using Checkpointing.State;

namespace Checkpointing.Tool.Demo;

/// <summary>Folds flights into totals.</summary>
internal sealed class FlightTotals : Aggregator<Flight, OriginTotals, OriginTotals>
{
    /// <inheritdoc/>
    public override OriginTotals CreateAccumulator() => OriginTotals.None;

    /// <inheritdoc/>
    public override OriginTotals Add(OriginTotals accumulator, Flight element) => accumulator.Add(element.DelayMinutes);

    /// <inheritdoc/>
    public override OriginTotals GetResult(OriginTotals accumulator) => accumulator;

    /// <inheritdoc/>
    public override OriginTotals Merge(OriginTotals left, OriginTotals right) => left.Add(right);
}
