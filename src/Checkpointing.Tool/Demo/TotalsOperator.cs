using Checkpointing.Hosting.Operators;
using Checkpointing.State;

namespace Checkpointing.Tool.Demo;

/// <summary>Keeps the totals of each key. Emits nothing: they are read from the checkpoint.</summary>
internal sealed class TotalsOperator : KeyedOperator<OriginKey, Flight, OriginTotals>
{
    private ValueState<OriginTotals> _totals = null!;

    /// <inheritdoc/>
    public override IReadOnlyList<StateDescriptor> States => [FlightsJob.Totals];

    /// <inheritdoc/>
    public override void Open(KeyedOperatorContext<OriginKey> context) => _totals = context.GetState(FlightsJob.Totals);

    /// <inheritdoc/>
    public override void Process(Flight value, KeyedElementContext<OriginKey> context, Emitter<OriginTotals> output) =>
        _totals.Set((_totals.TryGet(out var totals) ? totals : OriginTotals.None).Add(value.DelayMinutes));
}
