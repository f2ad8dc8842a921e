using System.Globalization;
using Checkpointing.Hosting;
using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Sinks;
using Checkpointing.Hosting.Windows;
using Checkpointing.State;

namespace Checkpointing.Torture.ExactlyOnce;

/// <summary>The job: sums by key and window, and totals by key with a timer at the end of time, each into a file of its
/// own; and what they must be.</summary>
internal static class FireJob
{
    internal const int MaxParallelism = 64;

    /// <summary>The operator with the state <see cref="Totals"/>.</summary>
    internal const string TotalsName = "totals";

    private const string EarlyFile = "early.csv";

    /// <summary>Defines the job.</summary>
    /// <param name="input">What it reads.</param>
    /// <param name="hasEarlyInput">Whether a part of it comes over a second source, which ends when the first is half
    /// through; it feeds totals of its own, too, which finish then.</param>
    /// <param name="window">Size of its windows.</param>
    /// <param name="folder">Where both outputs are.</param>
    /// <param name="onRecord">Told each record that the keyed operator handles; null: nobody.</param>
    /// <param name="onFileStep">Told each file operation of the sinks, before it; null: nobody.</param>
    /// <param name="read">Makes the sources; null: ordinary ones.</param>
    internal static StreamJob Define(
        IReadOnlyList<FireRecord> input, bool hasEarlyInput, TimeSpan window, string folder, Action? onRecord,
        Action? onFileStep, Func<IReadOnlyList<FireRecord>, PacedSource>? read = null)
    {
        var job = new StreamJobBuilder("fire", MaxParallelism);
        DataStream<FireRecord> records = Source("records", hasEarlyInput ? Without(Early(input), input) : input);
        if (hasEarlyInput)
        {
            var early = Source("early", Early(input));
            records = records.Union(early);
            early.KeyBy(static record => record.Key).Process("early-totals", static () => new TotalsOperator(null))
                .AddSink("early-file", Sink(EarlyFile));
        }

        var byKey = records.KeyBy(static record => record.Key);
        byKey.Process(TotalsName, () => new TotalsOperator(onRecord)).AddSink("totals-file", Sink("totals.csv"));
        byKey.Window(TumblingWindows.Of(window))
            .Aggregate(
                "windows", new SumAndCount(),
                static (key, timeWindow, sum) => Row(timeWindow.Start.Milliseconds, key, sum), SumSerializer)
            .AddSink("windows-file", Sink("windows.csv"));
        return job.Build();

        SourceStream<FireRecord> Source(string name, IReadOnlyList<FireRecord> part) =>
            job.AddSource(name, read?.Invoke(part) ?? new PacedSource(part))
                .WithEventTime(static record => new(record.TimeMs), TimeSpan.Zero, recordsPerWatermark: 32);

        TwoPhaseFileSink<string> Sink(string name) => new(Path.Combine(folder, name), static row => row)
        {
            Hook = onFileStep is null ? null : (_, _) => onFileStep(),
        };
    }

    /// <summary>Committed output, sorted within each window: rows begin with it.</summary>
    internal static List<string> ReadOutput(string folder) =>
    [
        .. ReadSorted(Path.Combine(folder, "windows.csv")), "--", .. ReadSorted(Path.Combine(folder, "totals.csv")),
        .. Directory.GetFiles(folder, EarlyFile).SelectMany(path => ReadSorted(path).Prepend("--")),
    ];

    /// <summary>The same, computed straight.</summary>
    internal static List<string> Compute(IReadOnlyList<FireRecord> input, bool hasEarlyInput, TimeSpan window)
    {
        var windowMs = (long)window.TotalMilliseconds;
        return
        [
            .. Sum(input.GroupBy(record => (Start: record.TimeMs - (record.TimeMs % windowMs), record.Key))), "--",
            .. Sum(input.GroupBy(static record => (Start: 0L, record.Key))),
            .. hasEarlyInput
                ? Sum(Early(input).GroupBy(static record => (Start: 0L, record.Key))).Prepend("--")
                : [],
        ];
    }

    /// <summary>Every fourth record of the first half.</summary>
    private static List<FireRecord> Early(IReadOnlyList<FireRecord> input) =>
        [.. input.Take(input.Count / 2).Where(static (_, index) => index % 4 == 0)];

    private static List<FireRecord> Without(List<FireRecord> early, IReadOnlyList<FireRecord> input) =>
        [.. input.Where((_, index) => index % 4 != 0 || index / 4 >= early.Count)];

    private static IEnumerable<string> Sum(
        IEnumerable<IGrouping<(long Start, string Key), FireRecord>> groups) => groups
        .Select(static group => Row(
            group.Key.Start, group.Key.Key, (group.LongCount(), group.Sum(static record => record.Value))))
        .Order(StringComparer.Ordinal);

    private static IEnumerable<string> ReadSorted(string path) => File.ReadLines(path).Order(StringComparer.Ordinal);

    private static string Row(long start, string key, (long Count, long Sum) value) =>
        string.Create(CultureInfo.InvariantCulture, $"{start:D15},{key},{value.Count},{value.Sum}");

    private static StateSerializer<(long Count, long Sum)> SumSerializer { get; } =
        StateSerializer.Tuple(StateSerializer.Int64, StateSerializer.Int64);

    /// <summary>Count and sum of each key so far.</summary>
    internal static ValueStateDescriptor<(long Count, long Sum)> Totals { get; } = new("totals", SumSerializer);

    private sealed class SumAndCount : Aggregator<FireRecord, (long Count, long Sum), (long Count, long Sum)>
    {
        public override (long Count, long Sum) CreateAccumulator() => default;

        public override (long Count, long Sum) Add((long Count, long Sum) accumulator, FireRecord element) =>
            (accumulator.Count + 1, accumulator.Sum + element.Value);

        public override (long Count, long Sum) GetResult((long Count, long Sum) accumulator) => accumulator;

        public override (long Count, long Sum) Merge((long Count, long Sum) left, (long Count, long Sum) right) =>
            (left.Count + right.Count, left.Sum + right.Sum);
    }

    private sealed class TotalsOperator(Action? onRecord) : KeyedOperator<string, FireRecord, string>
    {
        private ValueState<(long Count, long Sum)> _totals = null!;

        public override IReadOnlyList<StateDescriptor> States => [Totals];

        public override void Open(KeyedOperatorContext<string> context) => _totals = context.GetState(Totals);

        public override void Process(FireRecord value, KeyedElementContext<string> context, Emitter<string> output)
        {
            onRecord?.Invoke();
            var (count, sum) = _totals.GetOrDefault();
            _totals.Set((count + 1, sum + value.Value));
            context.Timers.RegisterEventTime(Timestamp.MaxValue);
        }

        public override void OnTimer(StateTimer timer, KeyedElementContext<string> context, Emitter<string> output) =>
            output.Emit(Row(0, context.Key, _totals.GetOrDefault()));
    }
}
