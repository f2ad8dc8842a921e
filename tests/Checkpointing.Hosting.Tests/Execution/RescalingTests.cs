using Checkpointing.Coordination;
using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Sinks;
using Checkpointing.Hosting.Sources;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.Inspection;
using Checkpointing.State;
using Checkpointing.State.Heap;

namespace Checkpointing.Hosting.Tests.Execution;

/// <summary>Every kind of operator state, and keyed state beside it, through checkpoints and savepoints to another
/// parallelism.</summary>
public sealed class RescalingTests
{
    private const int WordCount = 60;

    private static readonly BroadcastStateDescriptor<string, long> Rules = new("rules");

    [Theory]
    [InlineData(1, 3, null, false)]
    [InlineData(3, 1, null, true)]
    [InlineData(2, 4, SavepointFormat.Canonical, false)]
    [InlineData(4, 2, SavepointFormat.Canonical, true)]
    [InlineData(2, 3, SavepointFormat.Native, true)]
    public async Task ResumeFrom_AnotherParallelism_DealsEachStateAsItSays(
        int before, int after, SavepointFormat? format, bool onRocksDb)
    {
        await using var fixture = new JobFixture(onRocksDb: onRocksDb);
        string path;
        var (sinkBefore, sink) = (new InMemorySink<string>(), new InMemorySink<string>());
        await using (var first = await fixture.Host.StartAsync(
            Define(sinkBefore, pauseAfter: WordCount / 2),
            new() { Name = "first", Parallelism = before, Retention = CheckpointRetention.OnCancellation },
            fixture.Deadline))
        {
            await first.WaitForSourceIdleAsync(fixture.Deadline);
            var request = format is { } savepoint
                ? CheckpointRequest.SavepointTo("savepoints", savepoint)
                : CheckpointRequest.Checkpoint;
            path = (await first.TriggerAsync(request, fixture.Deadline)).Path;
            await first.CancelAsync(fixture.Deadline);
        }

        await using var second = await fixture.Host.StartAsync(
            Define(sink), new() { Name = "second", Parallelism = after, ResumeFrom = path }, fixture.Deadline);
        await second.Completion.WaitAsync(fixture.Deadline);

        // Split: each word that was held is given out by one subtask. Union: each subtask has the marks of all.
        var starts = string.Join('+', Enumerable.Range(0, before).Select(static i => $"s{i}"));
        sink.Items.Where(static text => !IsApplied(text)).Order(StringComparer.Ordinal).Should().Equal(
            Enumerable.Range(0, WordCount).Select(static i => $"held {i}")
                .Concat(Enumerable.Repeat($"marks {starts}", after))
                .Order(StringComparer.Ordinal));

        // Broadcast: the rule holds for every key, though its record was read before. Keyed: each key counts on.
        var applied = sink.Items.Where(IsApplied).ToList();
        applied.Should().HaveCount(WordCount / 2).And.OnlyContain(
            static text => text.EndsWith("rule 7", StringComparison.Ordinal));
        sinkBefore.Items.Where(IsApplied).Concat(applied)
            .Select(static text => text[..text.IndexOf(" rule", StringComparison.Ordinal)])
            .Should().BeEquivalentTo(Enumerable.Range(0, WordCount / 2)
                .SelectMany(static key => new[] { $"key {key} word 1", $"key {key} word 2" }));
        var reader = await CheckpointReader.OpenAsync(
            fixture.Storage, path, new HeapBackendFactory(), fixture.Deadline);
        (await reader.ReadAsync("apply", Rules, fixture.Deadline)).Should().ContainSingle()
            .Which.Should().Be(KeyValuePair.Create("rule", 7L));
    }

    private static bool IsApplied(string text) => text.StartsWith("key", StringComparison.Ordinal);

    private static StreamJob Define(InMemorySink<string> sink, long? pauseAfter = null)
    {
        var job = new StreamJobBuilder("job", 16);
        ISource<int> words = new InMemorySource<int>([.. Enumerable.Range(0, WordCount)]);
        var numbers = job.AddSource("words", pauseAfter is { } count ? words.PausingAfter(count) : words);
        var held = numbers.Process("hold", static () => new Hold());
        var applied = numbers.KeyBy(static number => number % (WordCount / 2))
            .Connect(job.AddSource("rules", new InMemorySource<long>([7])).Broadcast())
            .Process("apply", static () => new Apply());
        held.Union(applied).AddSink("out", sink);
        return job.Build();
    }

    private sealed class Hold : StreamOperator<int, string>
    {
        private static readonly OperatorListStateDescriptor<int> Held = new("held");
        private static readonly OperatorListStateDescriptor<string> Marks =
            new("marks") { Redistribution = StateRedistribution.Union };

        private OperatorListState<int> _held = null!;
        private OperatorListState<string> _marks = null!;

        public override IReadOnlyList<StateDescriptor> States => [Held, Marks];

        public override void Open(OperatorContext context)
        {
            (_held, _marks) = (context.State.GetState(Held), context.State.GetState(Marks));
            if (_marks.Items.Count == 0)
            {
                _marks.Add($"s{context.SubtaskIndex}");
            }
        }

        public override void Process(int value, ElementContext context, Emitter<string> output) => _held.Add(value);

        public override void OnWatermark(Timestamp watermark, Emitter<string> output)
        {
            if (watermark == Timestamp.MaxValue)
            {
                output.Emit($"marks {string.Join('+', _marks.Items)}");
                foreach (var number in _held.Items)
                {
                    output.Emit($"held {number}");
                }

                _held.Replace([]);
            }
        }
    }

    private sealed class Apply : KeyedBroadcastOperator<int, int, long, string>
    {
        private static readonly ValueStateDescriptor<int> Count = new("count");

        private ValueState<int> _count = null!;
        private ReadOnlyBroadcastState<string, long> _rules = null!;

        public override IReadOnlyList<StateDescriptor> States => [Count, Rules];

        public override bool UsesTimers => false;

        public override void Open(KeyedOperatorContext<int> context) =>
            (_count, _rules) = (context.GetState(Count), context.GetState(Rules));

        public override void Process(int value, KeyedElementContext<int> context, Emitter<string> output)
        {
            _count.Set(_count.GetOrDefault() + 1);
            output.Emit($"key {context.Key} word {_count.GetOrDefault()} rule {_rules.GetOrDefault("rule")}");
        }

        public override void ProcessBroadcast(long value, BroadcastElementContext context, Emitter<string> output) =>
            context.GetState(Rules).Set("rule", value);
    }
}
