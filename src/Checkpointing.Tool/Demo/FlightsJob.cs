using Checkpointing.Hosting;
using Checkpointing.Hosting.Sinks;
using Checkpointing.Hosting.Sources;
using Checkpointing.Hosting.Windows;
using Checkpointing.State;

namespace Checkpointing.Tool.Demo;

/// <summary>Definition of the job: flights in order, by origin and pass; running totals; a mean delay a day, written to
/// a file.</summary>
internal static class FlightsJob
{
    /// <summary>Number of key groups.</summary>
    public const int MaxParallelism = 128;

    /// <summary>Name of the operator that holds <see cref="Totals"/>.</summary>
    public const string TotalsName = "totals";

    /// <summary>What is known of each airport, in each pass.</summary>
    public static readonly ValueStateDescriptor<OriginTotals> Totals = new(TotalsName, OriginTotals.Serializer);

    /// <summary>Defines the job of one generation.</summary>
    /// <param name="input">The flights.</param>
    /// <param name="options">How often they are read, and where the output goes.</param>
    /// <param name="pauseAfter">Position at which this generation stops reading; null: it reads to the end.</param>
    /// <param name="progress">Is told how far the source is.</param>
    public static StreamJob Define(FlightInput input, DemoOptions options, long? pauseAfter, SourceProgress progress)
    {
        var job = new StreamJobBuilder("flights", MaxParallelism);
        ISource<Flight> source = new ReplayedFlightSource(input, options.Replays, progress);
        var byOrigin = job.AddSource("flights", pauseAfter is { } position ? source.PausingAfter(position) : source)
            .WithEventTime(
                static flight => Timestamp.FromDateTime(flight.Date), input.MaxOutOfOrderness(options.Replays))
            .KeyBy(static flight => flight.Key, OriginKey.Serializer);
        byOrigin.Process(TotalsName, static () => new TotalsOperator());
        byOrigin.Window(TumblingWindows.Of(TimeSpan.FromDays(1)))
            .Aggregate("daily-mean", new FlightTotals(), DailyMean.Of, OriginTotals.Serializer)
            .AddSink("daily-file", new TwoPhaseFileSink<DailyMean>(options.Output, static day => day.ToCsv()));
        return job.Build();
    }
}
