using System.Globalization;
using Checkpointing.Hosting;
using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Sinks;
using Checkpointing.Hosting.Sources;
using Checkpointing.State;

namespace Checkpointing.WorkerSample;

internal static class DelaysJob
{
    public static StreamJob Define(string input, string output)
    {
        var job = new StreamJobBuilder("delays", maxParallelism: 128);     // key groups: fixed for the job's life
        job.AddSource("flights", new CsvFileSource<Flight>(input, Flight.Parse))
            .KeyBy(flight => flight.Origin)
            .Process("totals", () => new TotalDelay())
            .AddSink("delays-file", new TwoPhaseFileSink<string>(output, row => row));
        return job.Build();
    }
}

internal readonly record struct Flight(string Origin, long DelayMinutes)
{
    public static Flight Parse(string row) => row.Split(',') is [var origin, var delay]
        ? new(origin, long.Parse(delay, CultureInfo.InvariantCulture))
        : throw new FormatException("A row has an origin and a delay.");
}

internal sealed class TotalDelay : KeyedOperator<string, Flight, string>
{
    private static readonly ValueStateDescriptor<long> s_total = new("total");
    private ValueState<long> _total = null!;

    public override IReadOnlyList<StateDescriptor> States => [s_total];

    public override void Open(KeyedOperatorContext<string> context) => _total = context.GetState(s_total);

    public override void Process(Flight value, KeyedElementContext<string> context, Emitter<string> output)
    {
        var total = _total.GetOrDefault() + value.DelayMinutes;
        _total.Set(total);
        output.Emit($"{context.Key},{total}");
    }
}
