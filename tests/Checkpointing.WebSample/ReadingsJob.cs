using System.Globalization;
using Checkpointing.Hosting;
using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Sinks;
using Checkpointing.State;

namespace Checkpointing.WebSample;

/// <summary>A reading of a sensor.</summary>
/// <param name="Sensor">Which.</param>
/// <param name="Value">What it says.</param>
internal readonly record struct Reading(string Sensor, long Value);

/// <summary>Adds up the readings of each sensor; a row for each reading shows the sum so far.</summary>
internal static class ReadingsJob
{
    /// <summary>Defines the job.</summary>
    /// <param name="configuration">Names the output, the file that says how many readings there are so far, and how
    /// many there will be.</param>
    public static StreamJob Define(IConfiguration configuration)
    {
        var job = new StreamJobBuilder("readings", maxParallelism: 64);
        job.AddSource("readings", new GrowingSource(
                configuration["Readings:Counter"]!,
                long.Parse(configuration["Readings:Total"]!, CultureInfo.InvariantCulture)))
            .KeyBy(static reading => reading.Sensor)
            .Process("sums", static () => new SumOperator())
            .AddSink("sums-file", new TwoPhaseFileSink<string>(configuration["Readings:Output"]!, static row => row));
        return job.Build();
    }

    /// <summary>The reading at a place of the input.</summary>
    public static Reading ReadingAt(long place) => new($"s{place % 7}", (place * 31) % 101);

    /// <summary>Row of a reading.</summary>
    public static string Row(string sensor, long count, long sum) =>
        string.Create(CultureInfo.InvariantCulture, $"{sensor},{count},{sum}");

    private sealed class SumOperator : KeyedOperator<string, Reading, string>
    {
        private static readonly ValueStateDescriptor<(long Count, long Sum)> s_sum =
            new("sum", StateSerializer.Tuple(StateSerializer.Int64, StateSerializer.Int64));

        private ValueState<(long Count, long Sum)> _sum = null!;

        public override IReadOnlyList<StateDescriptor> States => [s_sum];

        public override void Open(KeyedOperatorContext<string> context) => _sum = context.GetState(s_sum);

        public override void Process(Reading value, KeyedElementContext<string> context, Emitter<string> output)
        {
            var (count, sum) = _sum.GetOrDefault();
            _sum.Set((count + 1, sum + value.Value));
            output.Emit(Row(context.Key, count + 1, sum + value.Value));
        }
    }
}
