using Checkpointing.Hosting.Sinks;
using Checkpointing.Hosting.Sources;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.Hosting.Windows;
using Checkpointing.State;

namespace Checkpointing.Hosting.Tests;

public sealed class KeyedStreamTests
{
    private static readonly StateSerializer<Order> OrderSerializer = new Order.Serializer();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 8)]
    public async Task Reduce_EveryRecord_GivesTheFoldSoFar(int parallelism, int batchSize)
    {
        var sink = new InMemorySink<Order>();
        var orders = Orders.Generate(500, seed: parallelism);
        var job = new StreamJobBuilder("reduce");
        job.AddSource("orders", new ListSource<Order>(orders)).KeyBy(static order => order.Customer)
            .Reduce("sums", Sum, OrderSerializer).AddSink("out", sink);
        await using var pump = await LocalPump.OpenAsync(job.Build(), parallelism, seed: 1, batchSize);

        pump.RunToEnd();

        foreach (var group in orders.GroupBy(static order => order.Customer))
        {
            var sum = 0L;
            sink.Items.Where(order => order.Customer == group.Key).Select(static order => order.Amount)
                .Should().Equal(group.Select(order => sum += order.Amount));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task WindowReduce_ParallelSource_GivesTheSumOfEachWindow(int parallelism)
    {
        var sink = new InMemorySink<string>();
        var orders = Orders.Generate(2_000, seed: parallelism);
        var job = new StreamJobBuilder("reduce");
        job.AddSource("orders", new InMemorySource<Order>(orders))
            .WithEventTime(static order => new Timestamp(order.TimeMs), TimeSpan.Zero)
            .KeyBy(static order => order.Customer)
            .Window(TumblingWindows.Of(TimeSpan.FromMilliseconds(Orders.WindowMs)))
            .Reduce("sums", Sum, static (customer, window, sum) => $"{customer},{window.Start},{sum.Amount}",
                OrderSerializer)
            .AddSink("out", sink);
        await using var pump = await LocalPump.OpenAsync(job.Build(), parallelism, seed: 3, batchSize: 8);

        pump.RunToEnd();

        sink.Items.Order(StringComparer.Ordinal).Should().Equal(Orders.ExpectedWindows(orders));
        pump.Counters.LateElementsDropped.Should().Be(0);
    }

    private static Order Sum(Order sum, Order order) => sum with { Amount = sum.Amount + order.Amount };
}
