using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.State;
using Checkpointing.Testing;
using Checkpointing.Testing.Operators;

namespace Checkpointing.Hosting.Tests.Operators;

/// <summary>What a test sees of an operator in a harness.</summary>
public sealed class KeyedOperatorHarnessTests
{
    private static readonly OutputTag<long> s_large = new("large");

    [Fact]
    public async Task Process_RecordsAndTimers_EmitAsInAHost()
    {
        await using var harness = await KeyedOperatorHarness.OpenAsync(
            static () => new Ledger(s_large), static (Order order) => order.Customer, seed: 1);

        harness.Process(new("a", 10, 3), new(10));
        harness.Process(new("b", 11, 100), new(11));
        harness.Output.Should().Equal(new EmittedRecord<string>("a 3", new(10)), new("b 100", new(11)));
        harness.SideOutput(s_large).Should().Equal(new EmittedRecord<long>(100, new(11)));
        harness.SideOutput(new OutputTag<string>("large")).Should().BeEmpty("it is of another type");

        harness.ClearOutput();
        harness.AdvanceWatermark(new(1_009));
        harness.Output.Should().BeEmpty();
        harness.AdvanceWatermark(new(1_010));
        harness.Output.Should().Equal(new EmittedRecord<string>("a closed", new(1_010)));
        harness.Watermark.Should().Be(new Timestamp(1_010));
        harness.AdvanceWatermark(new(5));
        harness.Watermark.Should().Be(new Timestamp(1_010), "it never goes back");
    }

    [Fact]
    public async Task AdvanceProcessingTime_TimersThatRegisterTheNext_FireEachAtItsOwnTime()
    {
        await using var harness = await KeyedOperatorHarness.OpenAsync(
            static () => new Ticker(), static (string key) => key, new() { Parallelism = 3, StartTime = At(0) });

        harness.Process("a");
        harness.AdvanceProcessingTime(TimeSpan.FromMilliseconds(400));
        harness.Process("b");
        harness.AdvanceProcessingTime(TimeSpan.FromMilliseconds(2_600));

        harness.Output.Select(static one => one.Value).Should().Equal(
            "a at 1000", "b at 1400", "a at 2000", "b at 2400", "a at 3000");
        harness.Time.GetUtcNow().Should().Be(At(3_000));
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(4, 1)]
    [InlineData(3, 5)]
    public async Task RestoreAsync_AnotherParallelism_GoesOnWithStateTimersAndWatermark(int before, int after)
    {
        await using var harness = await KeyedOperatorHarness.OpenAsync(
            static () => new Ledger(s_large), static (Order order) => order.Customer, new() { Parallelism = before });
        for (var i = 0; i < 40; i++)
        {
            harness.Process(new($"c{i % 20}", i, i), new(i));
        }

        harness.AdvanceWatermark(new(30));
        var checkpoint = await harness.CheckpointAsync();
        harness.Process(new("c3", 50, 7_000), new(50));
        await using var restored = await harness.RestoreAsync(checkpoint, after);

        checkpoint.Parallelism.Should().Be(before);
        checkpoint.Watermark.Should().Be(new Timestamp(30));
        restored.Parallelism.Should().Be(after);
        restored.Watermark.Should().Be(new Timestamp(30));
        restored.Output.Should().BeEmpty();
        restored.ReadState<long>("c3", "sum").Should().Be(3 + 23);
        restored.ReadList<long>("c3", "amounts").Should().Equal(3, 23);
        restored.ReadMap<long, long>("c3", "by-time").Should().Equal(new Dictionary<long, long> { [3] = 3, [23] = 23 });
        restored.ReadState<long>("nobody", "sum").Should().Be(0);
        harness.ReadOperatorState<long>("counts").Sum().Should().Be(40, "it was put there at the checkpoint");
        restored.AdvanceWatermark(Timestamp.MaxValue);
        restored.Output.Should().HaveCount(40, "each record has registered a timer");

        harness.ReadState<long>("c3", "sum").Should().Be(7_026, "the old one is as it was");
        await using var again = await restored.RestoreAsync(checkpoint, before);
        again.ReadState<long>("c3", "sum").Should().Be(26, "a checkpoint can be restored again");
        await again.CheckpointAsync();
        again.ReadOperatorState<long>("counts").Sum().Should().Be(40, "the items went to somebody each");
    }

    [Fact]
    public async Task ReadState_WhatIsNotThere_SaysWhatIs()
    {
        await using var harness = await KeyedOperatorHarness.OpenAsync(
            static () => new Ledger(s_large), static (Order order) => order.Customer, seed: 1);

        FluentActions.Invoking(() => harness.ReadState<long>("a", "other")).Should().Throw<ArgumentException>()
            .WithMessage("*declares no state 'other'*");
        FluentActions.Invoking(() => harness.ReadState<int>("a", "sum")).Should().Throw<ArgumentException>()
            .WithMessage("*holds values of System.Int64, not of System.Int32*");
        FluentActions.Invoking(() => harness.ReadState<long>("a", "amounts")).Should().Throw<ArgumentException>()
            .WithMessage("*of kind List*ReadList*");
        FluentActions.Invoking(() => harness.ReadList<int>("a", "amounts")).Should().Throw<ArgumentException>()
            .WithMessage("*is a List of System.Int64*");
    }

    [Fact]
    public async Task ReadState_WithTimeToLive_BeginsNoTimeAnew()
    {
        await using var harness = await KeyedOperatorHarness.OpenAsync(
            static () => new LastSeen(), static (string text) => text[..1], seed: 1);
        harness.Process("a1");
        for (var hour = 0; hour < 3; hour++)
        {
            harness.ReadState<string>("a", "last").Should().Be("a1");
            harness.AdvanceProcessingTime(TimeSpan.FromHours(1));
        }

        harness.ReadState<string>("a", "last").Should().BeNull("three hours have passed since it was written");
    }

    [Fact]
    public async Task ReadState_InANamespace_ReadsThatOne()
    {
        await using var harness = await KeyedOperatorHarness.OpenAsync(
            static () => new CountsByLength(), static (string text) => text[..1], seed: 1);
        foreach (var text in (string[])["a1", "a2", "a33", "b1"])
        {
            harness.Process(text);
        }

        harness.ReadState<long, int>("a", 2, "count").Should().Be(2);
        harness.ReadState<long, int>("a", 3, "count").Should().Be(1);
        harness.ReadState<long, int>("b", 3, "count").Should().Be(0);
        FluentActions.Invoking(() => harness.ReadState<long>("a", "count")).Should().Throw<InvalidOperationException>()
            .WithMessage("*kept by a namespace*");
    }

    [Fact]
    public async Task RestoreAsync_CheckpointOfAnotherHarness_IsRefused()
    {
        await using var one = await OpenAsync();
        await using var other = await OpenAsync();
        var checkpoint = await one.CheckpointAsync();

        await FluentActions.Awaiting(() => other.RestoreAsync(checkpoint, 1)).Should()
            .ThrowAsync<ArgumentException>().WithMessage("*of another harness*");
        await FluentActions.Awaiting(() => one.RestoreAsync(checkpoint, 129)).Should()
            .ThrowAsync<ArgumentOutOfRangeException>();

        static Task<KeyedOperatorHarness<string, string, string>> OpenAsync() => KeyedOperatorHarness.OpenAsync(
            static () => new LastSeen(), static (string text) => text[..1], seed: 1);
    }

    [Fact]
    public async Task OpenAsync_ParallelismAboveTheKeyGroups_IsRefused() =>
        await FluentActions.Awaiting(static () => KeyedOperatorHarness.OpenAsync(
                static () => new LastSeen(), static (string text) => text[..1],
                new() { Parallelism = 5, MaxParallelism = 4 }))
            .Should().ThrowAsync<ArgumentOutOfRangeException>().WithMessage("*Parallelism*");

    [Fact]
    public async Task AdvanceWatermark_TimersForEver_SaysSo()
    {
        await using var harness = await KeyedOperatorHarness.OpenAsync(
            static () => new Endless(), static (string text) => text, seed: 1);
        harness.Process("a", new(1));

        FluentActions.Invoking(() => harness.AdvanceWatermark(new(10))).Should().Throw<ConformanceException>()
            .WithMessage("*timers go on for ever*");
    }

    private static DateTimeOffset At(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    /// <summary>A state of each kind; a timer a second behind each record; large amounts beside.</summary>
    private sealed class Ledger(OutputTag<long> large) : KeyedOperator<string, Order, string>
    {
        private static readonly ReducingStateDescriptor<long> s_sum = new("sum", static (left, right) => left + right);
        private static readonly ListStateDescriptor<long> s_amounts = new("amounts");
        private static readonly MapStateDescriptor<long, long> s_byTime = new("by-time");
        private static readonly OperatorListStateDescriptor<long> s_counts = new("counts");
        private ReducingState<long> _sum = null!;
        private ListState<long> _amounts = null!;
        private MapState<long, long> _byTime = null!;
        private OperatorListState<long> _counts = null!;
        private long _count;

        public override IReadOnlyList<StateDescriptor> States => [s_sum, s_amounts, s_byTime, s_counts];

        public override void Open(KeyedOperatorContext<string> context)
        {
            (_sum, _amounts, _byTime) =
                (context.GetState(s_sum), context.GetState(s_amounts), context.GetState(s_byTime));
            _counts = context.GetState(s_counts);
            _count = _counts.Items.Sum();
            _counts.Replace([]);
        }

        public override void Process(Order value, KeyedElementContext<string> context, Emitter<string> output)
        {
            _count++;
            _sum.Add(value.Amount);
            _amounts.Add(value.Amount);
            _byTime.Set(value.TimeMs, value.Amount);
            output.Emit($"{context.Key} {value.Amount}");
            if (value.Amount >= 100)
            {
                output.Emit(large, value.Amount);
            }

            context.Timers.RegisterEventTime(new(value.TimeMs + 1_000));
        }

        public override void OnTimer(StateTimer timer, KeyedElementContext<string> context, Emitter<string> output) =>
            output.Emit($"{context.Key} closed");

        public override void SnapshotState() => _counts.Replace([_count]);
    }

    /// <summary>Every second of processing time from its first record on.</summary>
    private sealed class Ticker : KeyedOperator<string, string, string>
    {
        public override void Process(string value, KeyedElementContext<string> context, Emitter<string> output) =>
            context.Timers.RegisterProcessingTime(new(context.ProcessingTime.Milliseconds + 1_000));

        public override void OnTimer(StateTimer timer, KeyedElementContext<string> context, Emitter<string> output)
        {
            output.Emit($"{context.Key} at {context.ProcessingTime}");
            context.Timers.RegisterProcessingTime(new(timer.Time.Milliseconds + 1_000));
        }
    }

    /// <summary>Keeps the last record for three hours after it was written or read.</summary>
    private sealed class LastSeen : KeyedOperator<string, string, string>
    {
        private static readonly ValueStateDescriptor<string> s_last = new("last")
        {
            TimeToLive = new(TimeSpan.FromHours(3)) { Refresh = TimeToLiveRefresh.OnReadAndWrite },
        };

        private ValueState<string> _last = null!;

        public override IReadOnlyList<StateDescriptor> States => [s_last];

        public override void Open(KeyedOperatorContext<string> context) => _last = context.GetState(s_last);

        public override void Process(string value, KeyedElementContext<string> context, Emitter<string> output) =>
            _last.Set(value);
    }

    /// <summary>Counts texts by their first letter and length.</summary>
    private sealed class CountsByLength : KeyedOperator<string, string, string>
    {
        private static readonly ValueStateDescriptor<long> s_count = new("count") { Namespace = StateSerializer.Int32 };
        private ValueState<long> _count = null!;

        public override IReadOnlyList<StateDescriptor> States => [s_count];

        public override void Open(KeyedOperatorContext<string> context) => _count = context.GetState(s_count);

        public override void Process(string value, KeyedElementContext<string> context, Emitter<string> output)
        {
            using (context.EnterNamespace(value.Length))
            {
                _count.Set(_count.GetOrDefault() + 1);
            }
        }
    }

    /// <summary>Each timer registers one that is due already.</summary>
    private sealed class Endless : KeyedOperator<string, string, string>
    {
        public override void Process(string value, KeyedElementContext<string> context, Emitter<string> output) =>
            context.Timers.RegisterEventTime(context.Time);

        public override void OnTimer(StateTimer timer, KeyedElementContext<string> context, Emitter<string> output) =>
            context.Timers.RegisterEventTime(timer.Time);
    }
}
