using Checkpointing.Hosting.Sinks;
using Checkpointing.Hosting.Sources;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.Hosting.Windows;
using Checkpointing.State;

namespace Checkpointing.Hosting.Tests;

public sealed class DataStreamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Union_StreamsOfDifferentParallelism_GivesAllRecordsOnce(int parallelism)
    {
        var (keyed, plain) = (new InMemorySink<int>(), new InMemorySink<string>());
        var job = new StreamJobBuilder("job");
        var single = job.AddSource("single", new ListSource<int>([.. Enumerable.Range(0, 300)]));
        var shared = job.AddSource("shared", new InMemorySource<int>([.. Enumerable.Range(300, 300)]))
            .Filter(static number => number % 2 == 0);
        var all = single.Map(static number => number).Union(shared, single.Filter(static number => number < 10));
        all.KeyBy(static number => number % 7).Reduce("newest", static (_, number) => number).AddSink("keyed", keyed);
        all.Map(static number => $"{number}").AddSink("plain", plain);
        await using var pump = await LocalPump.OpenAsync(job.Build(), parallelism, seed: 1, batchSize: 5);

        pump.RunToEnd();

        int[] expected =
        [
            .. Enumerable.Range(0, 300), .. Enumerable.Range(300, 300).Where(static number => number % 2 == 0),
            .. Enumerable.Range(0, 10),
        ];
        keyed.Items.Order().Should().Equal(expected.Order());
        plain.Items.Select(int.Parse).Order().Should().Equal(expected.Order());
    }

    [Fact]
    public async Task Union_EventTime_IsTheLeastOfAll()
    {
        // The slow stream is wholly behind the fast one: nothing of it may be late.
        var sink = new InMemorySink<string>();
        var (fast, slow) = (Orders.Generate(800, seed: 1), Orders.Generate(800, seed: 2));
        var job = new StreamJobBuilder("job");
        job.AddSource("fast", new ListSource<Order>(fast)).WithEventTime(TimeOf, TimeSpan.Zero, 1)
            .Union(job.AddSource("slow", new ListSource<Order>(slow)).WithEventTime(TimeOf, TimeSpan.Zero, 1))
            .KeyBy(static order => order.Customer)
            .Window(TumblingWindows.Of(TimeSpan.FromMilliseconds(Orders.WindowMs)))
            .Aggregate("sums", new SumOfAmounts(),
                static (customer, window, sum) => $"{customer},{window.Start},{sum}")
            .AddSink("out", sink);
        await using var pump = await LocalPump.OpenAsync(job.Build(), 2, seed: 4, batchSize: 16);

        pump.RunToEnd();

        sink.Items.Order(StringComparer.Ordinal).Should().Equal(Orders.ExpectedWindows([.. fast, .. slow]));
        pump.Counters.LateElementsDropped.Should().Be(0);
    }

    [Fact]
    public void Union_OfNothingOrAnotherJob_IsRefused()
    {
        var numbers = new StreamJobBuilder("job").AddSource("numbers", new ListSource<int>([1]));
        var others = new StreamJobBuilder("other").AddSource("numbers", new ListSource<int>([1]));

        ((Action)(() => numbers.Union())).Should().Throw<ArgumentException>().WithMessage("*two streams*");
        ((Action)(() => numbers.Union(others))).Should().Throw<ArgumentException>().WithMessage("*'other'*");
    }

    private static Timestamp TimeOf(Order order) => new(order.TimeMs);
}
