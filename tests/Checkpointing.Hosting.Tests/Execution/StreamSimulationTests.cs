using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Sinks;
using Checkpointing.Hosting.Sources;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.Hosting.Windows;
using Checkpointing.State;

namespace Checkpointing.Hosting.Tests.Execution;

/// <summary>Whole jobs under crashes and rescaling, on one thread from one seed.</summary>
public sealed class StreamSimulationTests
{
    private const int Seeds = 10;
    private const int ShortCount = 60;

    private static readonly StateSerializer<Order> OrderSerializer = new Order.Serializer();

    [Fact]
    public Task Run_ParallelSourceAndMemorySink_CommitsEachWindowOnce() => RunAllAsync(
        static seed => Orders.Generate(600, seed, customers: 12, maxLagMs: 300),
        DefineWindows,
        static (orders, output, because) =>
            output.Order(StringComparer.Ordinal).Should().Equal(Orders.ExpectedWindows(orders), because));

    // Several sources and records that come too late: which of them are late depends on the order of events, but a
    // window that has fired is over, whatever happens afterwards.
    [Fact]
    public Task Run_LateRecordsOfParallelSources_NoWindowFiresTwice() => RunAllAsync(
        static seed => Orders.Generate(600, seed, customers: 3, maxLagMs: 2_500),
        static (orders, sink) => DefineWindows(orders, sink, outOfOrdernessMs: 0),
        static (_, output, because) =>
            output.Select(static row => row[..row.LastIndexOf(',')]).Should().OnlyHaveUniqueItems(because));

    [Fact]
    public Task Run_WindowsOfProcessingTime_CountsEachRecordOnceAndFiresEachWindowOnce() => RunAllAsync(
        static seed => Orders.Generate(500, seed, customers: 5),
        static (orders, sink) =>
        {
            var job = new StreamJobBuilder("job", 16);
            job.AddSource("orders", new InMemorySource<Order>(orders)).KeyBy(static order => order.Customer)
                .Window(TumblingWindows.OfProcessingTime(TimeSpan.FromMilliseconds(40)))
                .Aggregate("sums", new SumOfAmounts(),
                    static (customer, window, sum) => $"{customer},{window.Start},{sum}")
                .AddSink("out", sink);
            return job.Build();
        },
        static (orders, output, because) =>
        {
            output.Sum(static row => long.Parse(row[(row.LastIndexOf(',') + 1)..]))
                .Should().Be(orders.Sum(static order => order.Amount), because);
            output.Select(static row => row[..row.LastIndexOf(',')]).Should().OnlyHaveUniqueItems(because);
            output.Count.Should().BeGreaterThan(5, because);
        },
        movesClock: true);

    // Every record waits in split state for a while, and is dealt to other subtasks when they are more or fewer.
    [Fact]
    public Task Run_OperatorState_GivesEachRecordOnce() => RunAllAsync(
        static seed => Orders.Generate(400, seed),
        static (orders, sink) =>
        {
            var job = new StreamJobBuilder("job", 16);
            job.AddSource("orders", new InMemorySource<Order>(orders))
                .Process("hold", static () => new HoldingOperator(OrderSerializer))
                .Map(static order => $"{order.Customer},{order.TimeMs},{order.Amount}")
                .AddSink("out", sink);
            return job.Build();
        },
        static (orders, output, because) => output.Order(StringComparer.Ordinal).Should().Equal(
            orders.Select(static order => $"{order.Customer},{order.TimeMs},{order.Amount}")
                .Order(StringComparer.Ordinal),
            because));

    [Fact]
    public Task Run_TwoInputsAndUnion_MatchesEachPairOnce() => RunAllAsync(
        static seed => Orders.Generate(1_200, seed),
        static (orders, sink) =>
        {
            var job = new StreamJobBuilder("job", 16);
            var even = job.AddSource("even", new InMemorySource<Order>(orders)).Filter(static o => o.TimeMs % 2 == 0);
            var odd = job.AddSource("odd", new ListSource<Order>(orders)).Filter(static o => o.TimeMs % 2 == 1);
            even.Union(odd).KeyBy(static order => order.TimeMs)
                .Connect(job.AddSource("again", new InMemorySource<Order>(orders)).KeyBy(static order => order.TimeMs))
                .Process("match", static () => new MatchOperator())
                .AddSink("out", sink);
            return job.Build();
        },
        static (orders, output, because) => output.Order(StringComparer.Ordinal).Should().Equal(
            orders.Select(static order => $"{order.TimeMs},{order.Amount},{order.Amount}")
                .Order(StringComparer.Ordinal),
            because));

    // The short input ends early, and its operators finish one after the other while the long one runs on: before,
    // between and after crashes.
    [Fact]
    public async Task Run_OneInputEndsEarly_ItsOperatorsFinishAndNothingIsLostOrDoubled()
    {
        var counts = new List<(int Restores, int Completed, int HadFinished)>();
        await RunAllAsync(
            static seed => Orders.Generate(1_500, seed, customers: 12, maxLagMs: 300),
            DefineShortAndLong,
            static (orders, output, because) => output.Order(StringComparer.Ordinal).Should().Equal(
                Orders.ExpectedWindows(orders).Concat(
                    orders.Take(ShortCount).Select(static order => $"short {order.Customer},{order.TimeMs}"))
                    .Order(StringComparer.Ordinal),
                because),
            onEnd: simulation => counts.Add((
                simulation.Restores, simulation.CompletedCheckpoints, simulation.HadFinished)),
            stepsBetweenCrashes: 6_000);

        counts.Sum(static count => count.HadFinished).Should().BeGreaterThan(
            Seeds, "else operators that had finished were never restored; {0}", string.Join(' ', counts));
    }

    [Fact]
    public async Task Run_SameSeedTwice_IsTheSameRun()
    {
        var orders = Orders.Generate(600, seed: 3, customers: 12, maxLagMs: 300);
        var runs = new List<(int Completed, int Restores, string Output)>();
        for (var i = 0; i < 2; i++)
        {
            var sink = new InMemoryTwoPhaseSink<string>();
            var simulation = new JobSimulation(3, () => DefineWindows(orders, sink), movesClock: true);
            await simulation.RunAsync(crashes: 4);
            runs.Add((simulation.CompletedCheckpoints, simulation.Restores, string.Join(';', sink.Items)));
        }

        runs[1].Should().Be(runs[0]);
    }

    private static async Task RunAllAsync(
        Func<int, List<Order>> generate, Func<IReadOnlyList<Order>, InMemoryTwoPhaseSink<string>, StreamJob> define,
        Action<IReadOnlyList<Order>, IReadOnlyList<string>, string> check, bool movesClock = false,
        Action<JobSimulation>? onEnd = null, int stepsBetweenCrashes = 400)
    {
        var restores = 0;
        for (var seed = 1; seed <= Seeds; seed++)
        {
            var orders = generate(seed);
            var sink = new InMemoryTwoPhaseSink<string>();
            var simulation = new JobSimulation(seed, () => define(orders, sink), movesClock);

            await simulation.RunAsync(crashes: 4, stepsBetweenCrashes);

            check(orders, sink.Items, $"seed {seed}");
            sink.FirstIndex.Should().Be(0);
            restores += simulation.Restores;
            onEnd?.Invoke(simulation);
        }

        restores.Should().BeGreaterThan(Seeds / 3, "else nothing was tried");
    }

    /// <summary>The first orders come from a source of their own, the rest from another; both feed the windows, and the
    /// first ones an operator of their own, too.</summary>
    private static StreamJob DefineShortAndLong(IReadOnlyList<Order> orders, InMemoryTwoPhaseSink<string> sink)
    {
        var job = new StreamJobBuilder("short-and-long", 16);
        var first = WithTime(job.AddSource("short", new InMemorySource<Order>([.. orders.Take(ShortCount)])));
        var rest = WithTime(job.AddSource("long", new InMemorySource<Order>([.. orders.Skip(ShortCount)])));
        var held = first.Process("hold", static () => new HoldingOperator(OrderSerializer))
            .Map(static order => $"short {order.Customer},{order.TimeMs}");
        first.Union(rest).KeyBy(static order => order.Customer)
            .Window(TumblingWindows.Of(TimeSpan.FromMilliseconds(Orders.WindowMs)))
            .Reduce(
                "sums", static (sum, order) => sum with { Amount = sum.Amount + order.Amount },
                static (customer, window, sum) => $"{customer},{window.Start},{sum.Amount}", OrderSerializer)
            .Union(held).AddSink("out", sink);
        return job.Build();

        static SourceStream<Order> WithTime(SourceStream<Order> source) => source.WithEventTime(
            static order => new Timestamp(order.TimeMs), TimeSpan.FromMilliseconds(300), recordsPerWatermark: 2);
    }

    private static StreamJob DefineWindows(IReadOnlyList<Order> orders, InMemoryTwoPhaseSink<string> sink) =>
        DefineWindows(orders, sink, outOfOrdernessMs: 300);

    private static StreamJob DefineWindows(
        IReadOnlyList<Order> orders, InMemoryTwoPhaseSink<string> sink, int outOfOrdernessMs)
    {
        var job = new StreamJobBuilder("windows", 16);
        job.AddSource("orders", new InMemorySource<Order>(orders))
            .WithEventTime(
                static order => new Timestamp(order.TimeMs), TimeSpan.FromMilliseconds(outOfOrdernessMs),
                recordsPerWatermark: 8)
            .KeyBy(static order => order.Customer)
            .Window(TumblingWindows.Of(TimeSpan.FromMilliseconds(Orders.WindowMs)))
            .Reduce(
                "sums", static (sum, order) => sum with { Amount = sum.Amount + order.Amount },
                static (customer, window, sum) => $"{customer},{window.Start},{sum.Amount}", OrderSerializer)
            .AddSink("out", sink);
        return job.Build();
    }

    /// <summary>Keeps up to five records in split state, and gives out the rest at the end of the input.</summary>
    private sealed class HoldingOperator(StateSerializer<Order> serializer) : StreamOperator<Order, Order>
    {
        private readonly OperatorListStateDescriptor<Order> _descriptor = new("held", serializer);
        private OperatorListState<Order> _held = null!;

        public override IReadOnlyList<StateDescriptor> States => [_descriptor];

        public override void Open(OperatorContext context) => _held = context.State.GetState(_descriptor);

        public override void Process(Order value, ElementContext context, Emitter<Order> output)
        {
            _held.Add(value);
            if (_held.Items.Count > 5)
            {
                output.Emit(_held.Items[0]);
                _held.Replace(_held.Items.Skip(1));
            }
        }

        public override void OnWatermark(Timestamp watermark, Emitter<Order> output)
        {
            if (watermark == Timestamp.MaxValue)
            {
                foreach (var order in _held.Items)
                {
                    output.Emit(order);
                }

                _held.Replace([]);
            }
        }
    }

    private sealed class MatchOperator : KeyedTwoInputOperator<long, Order, Order, string>
    {
        private static readonly ValueStateDescriptor<long> First = new("first");
        private static readonly ValueStateDescriptor<long> Second = new("second");

        private ValueState<long> _first = null!;
        private ValueState<long> _second = null!;

        public override IReadOnlyList<StateDescriptor> States => [First, Second];

        public override bool UsesTimers => false;

        public override void Open(KeyedOperatorContext<long> context) =>
            (_first, _second) = (context.GetState(First), context.GetState(Second));

        public override void ProcessFirst(Order value, KeyedElementContext<long> context, Emitter<string> output)
        {
            _first.Set(value.Amount);
            Match(context, output);
        }

        public override void ProcessSecond(Order value, KeyedElementContext<long> context, Emitter<string> output)
        {
            _second.Set(value.Amount);
            Match(context, output);
        }

        private void Match(KeyedElementContext<long> context, Emitter<string> output)
        {
            if (_first.TryGet(out var first) && _second.TryGet(out var second))
            {
                output.Emit($"{context.Key},{first},{second}");
            }
        }
    }
}
