using System.Globalization;
using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.Hosting.Windows;
using Checkpointing.RocksDb;
using Checkpointing.State;
using Checkpointing.State.Heap;

namespace Checkpointing.Hosting.Tests.Windows;

/// <summary>Windows against a model that keeps every record: out of order, late and too late, checkpoints and restores
/// at other parallelism in between.</summary>
public sealed class WindowModelTests : IDisposable
{
    private const int HeapSeeds = 120;
    private const int RocksDbSeeds = 6;

    private static readonly OutputTag<Order> Late = new("late");

    private readonly TemporaryFolder _folder = new();
    private int _workingFolders;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Run_OnTheHeap_GivesWhatTheModelGives()
    {
        for (var seed = 1; seed <= HeapSeeds; seed++)
        {
            await RunAsync(seed, static () => new HeapBackendFactory());
        }
    }

    [Fact]
    public async Task Run_OnRocksDb_GivesWhatTheModelGives()
    {
        for (var seed = 1; seed <= RocksDbSeeds; seed++)
        {
            await RunAsync(seed, () => new RocksDbBackendFactory(
                new() { WorkingDirectory = _folder.File($"work-{++_workingFolders}") }));
        }
    }

    private static async Task RunAsync(int seed, Func<IKeyedStateBackendFactory> backend)
    {
        var random = new Random(seed);
        var size = random.Next(1, 60);
        var slide = random.Next(3) == 0 ? size : random.Next(1, 40);
        var lateness = random.Next(3) == 0 ? 0 : random.Next(0, 60);
        var toSide = random.Next(2) == 0;
        var kind = random.Next(3);
        var model = new Model(size, slide, lateness, toSide);
        var bed = await OperatorBed.OpenAsync(
            Define(size, slide, lateness, toSide, kind), "windows", random.Next(1, 5), backend());
        var watermark = 0L;
        for (var step = 0; step < 150; step++)
        {
            switch (random.Next(20))
            {
                case < 14:
                    var order = new Order($"c{random.Next(4)}", watermark + random.Next(-120, 80), random.Next(-9, 10));
                    bed.Process(order.Customer, order, order.TimeMs);
                    model.Process(order);
                    break;
                case < 18:
                    watermark += random.Next(0, 50);
                    bed.Watermark(watermark);
                    model.Advance(watermark);
                    break;
                default:
                    var checkpoint = await bed.CheckpointAsync();
                    bed = await bed.RestoreAsync(checkpoint, random.Next(1, 5), backend());
                    break;
            }
        }

        bed.Watermark(long.MaxValue);
        model.Advance(long.MaxValue);
        await bed.DisposeAsync();
        bed.Output.Select(Text).Order(StringComparer.Ordinal).Should().Equal(
            model.Output.Order(StringComparer.Ordinal), "seed {0}", seed);
        bed.Counters.LateElementsDropped.Should().Be(model.Dropped, "seed {0}", seed);
    }

    private static string Text(Sent sent) => $"{sent.Target} {sent.Value} @{sent.Time}";

    private static StreamJob Define(int size, int slide, int lateness, bool toSide, int kind) =>
        Jobs.Of<Order>((_, orders) =>
        {
            WindowAssigner assigner = size == slide
                ? TumblingWindows.Of(Ms(size))
                : SlidingWindows.Of(Ms(size), Ms(slide));
            var windows = orders.KeyBy(static order => order.Customer).Window(assigner).AllowLateness(Ms(lateness));
            windows = toSide ? windows.SendLateTo(Late) : windows;
            var serializer = new Order.Serializer();
            var results = kind switch
            {
                0 => windows.Reduce(
                    "windows", static (sum, order) => sum with { Amount = sum.Amount + order.Amount },
                    static (customer, window, sum) => Row(customer, window.Start, sum.Amount), serializer),
                1 => windows.Aggregate(
                    "windows", new SumOfAmounts(),
                    static (customer, window, sum) => Row(customer, window.Start, sum)),
                _ => windows.Process("windows", static () => new SumFunction(), serializer),
            };
            results.AddOut();
            if (toSide)
            {
                results.SideOutput(Late).Map(static order => $"{order.Customer},{order.TimeMs},{order.Amount}")
                    .AddOut("late");
            }
        });

    private static TimeSpan Ms(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    private static string Row(string customer, Timestamp start, long sum) =>
        string.Create(CultureInfo.InvariantCulture, $"{customer},{start.Milliseconds},{sum}");

    /// <summary>Keeps all records, and computes each firing anew from them.</summary>
    private sealed class Model(int size, int slide, int lateness, bool toSide)
    {
        private readonly List<(string Customer, long Start, long Amount)> _taken = [];
        private long _watermark = long.MinValue;

        public List<string> Output { get; } = [];

        public long Dropped { get; private set; }

        public void Process(Order order)
        {
            // Every start at a multiple of the slide whose window holds the time.
            var starts = Enumerable.Range(-500, 2_000).Select(i => (long)i * slide)
                .Where(start => start <= order.TimeMs && order.TimeMs < start + size).ToList();
            var open = starts.Where(start => start + size - 1 + lateness > _watermark).ToList();
            foreach (var start in open)
            {
                _taken.Add((order.Customer, start, order.Amount));
                if (start + size - 1 <= _watermark)
                {
                    Fire(order.Customer, start);
                }
            }

            if (open.Count == 0 && starts.Count > 0)
            {
                Dropped += toSide ? 0 : 1;
                if (toSide)
                {
                    Output.Add($"late {order.Customer},{order.TimeMs},{order.Amount} @{order.TimeMs}");
                }
            }
        }

        public void Advance(long watermark)
        {
            foreach (var (customer, start) in _taken.Select(static taken => (taken.Customer, taken.Start)).Distinct()
                .Where(window => window.Start + size - 1 > _watermark && window.Start + size - 1 <= watermark))
            {
                Fire(customer, start);
            }

            _watermark = Math.Max(_watermark, watermark);
        }

        private void Fire(string customer, long start)
        {
            var sum = _taken.Where(taken => taken.Customer == customer && taken.Start == start)
                .Sum(static taken => taken.Amount);
            Output.Add($"out {Row(customer, new(start), sum)} @{start + size - 1}");
        }
    }

    private sealed class SumFunction : WindowFunction<string, Order, string>
    {
        public override void Process(
            string key, TimeWindow window, IReadOnlyList<Order> records, Emitter<string> output) =>
            output.Emit(Row(key, window.Start, records.Sum(static order => order.Amount)));
    }
}
