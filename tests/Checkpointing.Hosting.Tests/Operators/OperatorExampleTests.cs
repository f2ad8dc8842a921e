using System.Text.Json.Serialization;
using Checkpointing.Hosting.Operators;
using Checkpointing.State;
using Checkpointing.Testing.Operators;

namespace Checkpointing.Hosting.Tests.Operators;

public sealed record Flight(DateTime Date, int DelayMinutes, string Origin);

public sealed record OriginTotals(int Flights, long DelayMinutes);

[JsonSerializable(typeof(OriginTotals))]
public sealed partial class FlightJson : JsonSerializerContext;

public sealed class TotalsOperator : KeyedOperator<string, Flight, OriginTotals>
{
    private static readonly ValueStateDescriptor<OriginTotals> Totals =
        new("totals", StateSerializer.Json(FlightJson.Default.OriginTotals));

    private ValueState<OriginTotals> _totals = null!;

    public override IReadOnlyList<StateDescriptor> States => [Totals];

    public override void Open(KeyedOperatorContext<string> context) => _totals = context.GetState(Totals);

    public override void Process(Flight flight, KeyedElementContext<string> context, Emitter<OriginTotals> output)
    {
        var old = _totals.GetOrDefault(new OriginTotals(0, 0));
        _totals.Set(new(old.Flights + 1, old.DelayMinutes + flight.DelayMinutes));
        context.Timers.RegisterEventTime(Timestamp.FromDateTime(flight.Date.Date.AddDays(1)));
    }

    public override void OnTimer(StateTimer timer, KeyedElementContext<string> context, Emitter<OriginTotals> output) =>
        output.Emit(_totals.GetOrDefault()!);
}

/// <summary>The example of docs/testing.md for an operator, word for word.</summary>
public sealed class OperatorExampleTests
{
    [Fact]
    public async Task Example_OfTheDocs_Passes()
    {
        var ct = TestContext.Current.CancellationToken;
        var day = new DateTime(2001, 1, 1);
        await using var harness = await KeyedOperatorHarness.OpenAsync(
            () => new TotalsOperator(), (Flight flight) => flight.Origin, seed: 42, ct);
        harness.Process(new Flight(day, 66, "DTW"), Timestamp.FromDateTime(day));
        harness.AdvanceWatermark(Timestamp.FromDateTime(day.AddDays(1)));           // fires the timer
        Assert.Equal(new OriginTotals(1, 66), harness.Output.Single().Value);

        var checkpoint = await harness.CheckpointAsync(ct);
        await using var rescaled = await harness.RestoreAsync(checkpoint, parallelism: 3, ct);
        rescaled.Process(new Flight(day.AddDays(1), 4, "DTW"), Timestamp.FromDateTime(day.AddDays(1)));
        Assert.Equal(new OriginTotals(2, 70), rescaled.ReadState<OriginTotals>("DTW", "totals"));

        var random = new Random(1);
        var flights = Enumerable.Range(0, 300).Select(i =>
            new Flight(day.AddMinutes(20 * i), random.Next(-10, 60), $"A{random.Next(20)}"));
        var report = await ExactlyOnce.VerifyAsync(
            () => new TotalsOperator(), (Flight flight) => flight.Origin, flights,
            new() { Seeds = 50, Crashes = 3, TimestampOf = flight => Timestamp.FromDateTime(flight.Date) }, ct);
        Assert.True(report.Restores > 50);                                          // else little was tried
    }
}
