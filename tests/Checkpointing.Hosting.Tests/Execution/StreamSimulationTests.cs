using Checkpointing.Hosting.Sinks;
using Checkpointing.Hosting.Sources;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.Hosting.Windows;
using Checkpointing.State;

namespace Checkpointing.Hosting.Tests.Execution;

/// <summary>Whole jobs under crashes and rescaling, on one thread from one seed.</summary>
public sealed class StreamSimulationTests
{
    private const int Seeds = 12;

    [Fact]
    public async Task Run_ParallelSourceAndMemorySink_CommitsEachWindowOnce()
    {
        var restores = 0;
        for (var seed = 1; seed <= Seeds; seed++)
        {
            var orders = Orders.Generate(600, seed, customers: 12, maxLagMs: 300);
            var sink = new InMemoryTwoPhaseSink<string>();
            var simulation = new JobSimulation(seed, () => DefineWindows(orders, sink));

            await simulation.RunAsync(crashes: 4);

            sink.Items.Order(StringComparer.Ordinal).Should().Equal(Orders.ExpectedWindows(orders), "seed {0}", seed);
            sink.FirstIndex.Should().Be(0);
            restores += simulation.Restores;
        }

        restores.Should().BeGreaterThan(Seeds, "else nothing was tried");
    }

    private static StreamJob DefineWindows(IReadOnlyList<Order> orders, InMemoryTwoPhaseSink<string> sink)
    {
        var job = new StreamJobBuilder("windows", 16);
        job.AddSource("orders", new InMemorySource<Order>(orders))
            .WithEventTime(
                static order => new Timestamp(order.TimeMs), TimeSpan.FromMilliseconds(300), recordsPerWatermark: 8)
            .KeyBy(static order => order.Customer)
            .Window(TumblingWindows.Of(TimeSpan.FromMilliseconds(Orders.WindowMs)))
            .Reduce(
                "sums", static (sum, order) => sum with { Amount = sum.Amount + order.Amount },
                static (customer, window, sum) => $"{customer},{window.Start},{sum.Amount}", new Order.Serializer())
            .AddSink("out", sink);
        return job.Build();
    }
}
