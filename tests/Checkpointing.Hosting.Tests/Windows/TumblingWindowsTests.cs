using Checkpointing.Hosting.Tests.Support;
using Checkpointing.Hosting.Windows;
using Checkpointing.State;
using CsCheck;

namespace Checkpointing.Hosting.Tests.Windows;

public sealed class TumblingWindowsTests
{
    [Fact]
    public void WindowOf_AnyTime_LiesInTheWindowThatBeginsAtAMultiple() =>
        Gen.Select(Gen.Long[-1_000_000_000_000, 1_000_000_000_000], Gen.Int[1, 100_000]).Sample((time, size) =>
        {
            var window = TumblingWindows.Of(TimeSpan.FromMilliseconds(size)).WindowOf(new(time));

            return window.Start.Milliseconds <= time
                && time < window.End.Milliseconds
                && window.End.Milliseconds - window.Start.Milliseconds == size
                && window.Start.Milliseconds % size == 0;
        });

    [Fact]
    public void WindowOf_WithOffset_BeginsAtTheOffset() =>
        TumblingWindows.Of(TimeSpan.FromHours(24), TimeSpan.FromHours(-2))
            .WindowOf(Timestamp.FromDateTime(new(2001, 1, 1, 23, 0, 0)))
            .Start.ToDateTime().Should().Be(new DateTime(2001, 1, 1, 22, 0, 0));

    [Fact]
    public void Of_SizeBelowAMillisecond_IsRefused() =>
        ((Action)(() => TumblingWindows.Of(TimeSpan.Zero))).Should().Throw<ArgumentOutOfRangeException>();

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(2, 2, 7)]
    [InlineData(3, 3, 64)]
    [InlineData(4, 4, 256)]
    public async Task Aggregate_AnyOrderOfEvents_GivesWhatAStraightComputationGives(
        int seed, int parallelism, int batchSize)
    {
        var orders = Orders.Generate(3_000, seed);
        var sink = new CollectingSink<(string Customer, TimeWindow Window, long Sum)>();
        await using var pump =
            await LocalPump.OpenAsync(Define(orders, sink, TimeSpan.Zero), parallelism, seed, batchSize);

        pump.RunToEnd();

        sink.Items.Select(static item => $"{item.Value.Customer},{item.Value.Window.Start},{item.Value.Sum}")
            .Order(StringComparer.Ordinal)
            .Should().Equal(Orders.ExpectedWindows(orders), "seed {0}", seed);
        sink.Items
            .Should().OnlyContain(static item => item.Time.Milliseconds == item.Value.Window.End.Milliseconds - 1);
        pump.Counters.LateElementsDropped.Should().Be(0);
    }

    [Fact]
    public async Task Aggregate_OutOfOrderWithinTheBound_LosesNothing()
    {
        var orders = Orders.Generate(2_000, seed: 5, maxLagMs: 500);
        var sink = new CollectingSink<(string Customer, TimeWindow Window, long Sum)>();
        await using var pump =
            await LocalPump.OpenAsync(Define(orders, sink, TimeSpan.FromMilliseconds(500)), 2, seed: 5, batchSize: 8);

        pump.RunToEnd();

        sink.Items.Sum(static item => item.Value.Sum).Should().Be(orders.Sum(static order => order.Amount));
        pump.Counters.LateElementsDropped.Should().Be(0);
    }

    [Fact]
    public async Task Aggregate_LateElement_IsDroppedAndCounted()
    {
        Order[] orders = [new("a", 100, 1), new("a", 5_000, 10), new("a", 200, 100), new("a", 5_100, 1_000)];
        var sink = new CollectingSink<(string Customer, TimeWindow Window, long Sum)>();
        await using var pump = await LocalPump.OpenAsync(Define(orders, sink, TimeSpan.Zero), 1, seed: 1, batchSize: 1);

        pump.RunToEnd();

        sink.Items.Select(static item => item.Value.Sum).Should().Equal(1, 1_010);
        pump.Counters.LateElementsDropped.Should().Be(1);
    }

    private static StreamJob Define(
        IReadOnlyList<Order> orders, CollectingSink<(string Customer, TimeWindow Window, long Sum)> sink,
        TimeSpan outOfOrderness)
    {
        var job = new StreamJobBuilder("windows", 16);
        job.AddSource("orders", new ListSource<Order>(orders))
            .WithEventTime(static order => new Timestamp(order.TimeMs), outOfOrderness, recordsPerWatermark: 1)
            .KeyBy(static order => order.Customer)
            .Window(TumblingWindows.Of(TimeSpan.FromMilliseconds(Orders.WindowMs)))
            .Aggregate("sums", new Sum(), static (customer, window, sum) => (customer, window, sum))
            .AddSink("collect", sink);
        return job.Build();
    }

    private sealed class Sum : Aggregator<Order, long, long>
    {
        public override long CreateAccumulator() => 0;

        public override long Add(long accumulator, Order element) => accumulator + element.Amount;

        public override long GetResult(long accumulator) => accumulator;

        public override long Merge(long left, long right) => left + right;
    }
}
