using System.Buffers;
using System.Globalization;
using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Sinks;
using Checkpointing.Hosting.Sources;
using Checkpointing.Hosting.Windows;
using Checkpointing.State;
using Checkpointing.StateHandles;

namespace Checkpointing.Hosting.Tests.Support;

/// <summary>A record of the test job.</summary>
public readonly record struct Order(string Customer, long TimeMs, long Amount)
{
    /// <summary>As a tuple.</summary>
    public sealed class Serializer : StateSerializer<Order>
    {
        private static readonly StateSerializer<(string, long, long)> Parts = Tuple(String, Int64, Int64);

        public override SerializerIdentity Identity { get; } = new("test.order", 1);

        public override void Write(Order value, IBufferWriter<byte> target) =>
            Parts.Write((value.Customer, value.TimeMs, value.Amount), target);

        public override Order Read(ReadOnlySpan<byte> source)
        {
            var (customer, timeMs, amount) = Parts.Read(source);
            return new(customer, timeMs, amount);
        }
    }
}

/// <summary>A job with all there is: event time, timers, windows, two file sinks; and what it must give, computed
/// straight.</summary>
internal static class Orders
{
    public const int WindowMs = 1_000;

    /// <summary>In order but for a lag of up to <paramref name="maxLagMs"/>.</summary>
    public static List<Order> Generate(int count, int seed, int customers = 50, int maxLagMs = 0)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i => new Order(
            $"c{random.Next(customers)}", (i * 7L) + 100_000 - random.Next(maxLagMs + 1), random.Next(-100, 100)))];
    }

    public static StreamJob Define(
        ISource<Order> source, string windowFile, string totalFile, Action<Order>? onElement = null,
        int recordsPerWatermark = 16)
    {
        var job = new StreamJobBuilder("orders", 64);
        var byCustomer = job.AddSource("orders", source)
            .WithEventTime(static order => new Timestamp(order.TimeMs), TimeSpan.Zero, recordsPerWatermark)
            .KeyBy(static order => order.Customer);
        byCustomer.Process("totals", () => new TotalsOperator(onElement))
            .AddSink("totals-file",
                new TwoPhaseFileSink<string>(totalFile, static row => row) { Header = "customer,total" });
        byCustomer.Window(TumblingWindows.Of(TimeSpan.FromMilliseconds(WindowMs)))
            .Aggregate("windows", new SumAggregator(),
                static (customer, window, sum) => Row(customer, window.Start.Milliseconds, sum))
            .AddSink("windows-file", new TwoPhaseFileSink<string>(windowFile, static row => row));
        return job.Build();
    }

    public static List<string> ExpectedWindows(IEnumerable<Order> orders) => [.. orders
        .GroupBy(static order => (order.Customer, Start: order.TimeMs - (order.TimeMs % WindowMs)))
        .Select(static group => Row(group.Key.Customer, group.Key.Start, group.Sum(static order => order.Amount)))
        .Order(StringComparer.Ordinal)];

    public static List<string> ExpectedTotals(IEnumerable<Order> orders) => [.. orders
        .GroupBy(static order => order.Customer)
        .Select(static group => TotalRow(group.Key, group.Count(), group.Sum(static order => order.Amount)))
        .Order(StringComparer.Ordinal)];

    public static List<string> Sorted(string file, int headerLines = 0) =>
        [.. File.ReadLines(file).Skip(headerLines).Order(StringComparer.Ordinal)];

    private static string Row(string customer, long start, long sum) =>
        string.Create(CultureInfo.InvariantCulture, $"{customer},{start},{sum}");

    private static string TotalRow(string customer, long count, long total) =>
        string.Create(CultureInfo.InvariantCulture, $"{customer},{count},{total}");

    private sealed class SumAggregator : Aggregator<Order, long, long>
    {
        public override long CreateAccumulator() => 0;

        public override long Add(long accumulator, Order element) => accumulator + element.Amount;

        public override long GetResult(long accumulator) => accumulator;

        public override long Merge(long left, long right) => left + right;
    }

    private sealed class TotalsOperator(Action<Order>? onElement) : KeyedOperator<string, Order, string>
    {
        private static readonly ValueStateDescriptor<(long Count, long Total)> Totals = 
            new("totals", StateSerializer.Tuple(StateSerializer.Int64, StateSerializer.Int64));

        private ValueState<(long Count, long Total)> _totals = null!;

        public override IReadOnlyList<StateDescriptor> States => [Totals];

        public override void Open(KeyedOperatorContext<string> context) => _totals = context.GetState(Totals);

        public override void Process(Order value, KeyedElementContext<string> context, Emitter<string> output)
        {
            onElement?.Invoke(value);
            var (count, total) = _totals.GetOrDefault();
            _totals.Set((count + 1, total + value.Amount));
            context.Timers.RegisterEventTime(Timestamp.MaxValue);
        }

        public override void OnTimer(StateTimer timer, KeyedElementContext<string> context, Emitter<string> output)
        {
            var (count, total) = _totals.GetOrDefault();
            output.Emit(TotalRow(context.Key, count, total));
        }
    }
}
