using System.Diagnostics.CodeAnalysis;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Sinks;
using Checkpointing.Hosting.Sources;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.State;

namespace Checkpointing.Hosting.Tests.Execution;

/// <summary>Operators that finish while the rest of the job runs on: what checkpoints say of them, and what jobs that
/// go on from those do.</summary>
public sealed class FinishedOperatorTests
{
    private const int BoundedCount = 100;
    private const int LongCount = 1_000;
    private const int HeldAt = 400;

    private static readonly Task Never = new TaskCompletionSource().Task;

    [Theory]
    [InlineData(false, 3)]
    [InlineData(true, 1)]
    public async Task TriggerCheckpointAsync_AfterTheEndOfOneInput_MarksWhatItFedAndNeverOpensItAgain(
        bool onRocksDb, int parallelism)
    {
        await using var fixture = new JobFixture(onRocksDb: onRocksDb);
        var bounded = WriteBounded(fixture);
        string path;
        await using (var first = await StartAsync(fixture, "first", new(bounded) { MayGrow = false }, HoldAt(HeldAt)))
        {
            path = (await FinishedCheckpointAsync(first, fixture, "bounded", "bounded-sums", "bounded-file",
                "bounded-file-committer")).Path;
            first.Completion.IsCompleted.Should().BeFalse();
            Rows(fixture.Totals).Should().Equal(Expected(BoundedCount), "it was committed before it finished");
            await first.CancelAsync(fixture.Deadline);
        }

        File.Delete(bounded);
        await using var second = await StartAsync(
            fixture, "second", new(bounded) { MayGrow = false }, null, path, parallelism);
        (await second.Completion.WaitAsync(fixture.Deadline)).Termination.Should().Be(JobTermination.Finished);

        second.ElementsRead.Should().Be(LongCount - HeldAt);
        Rows(fixture.Totals).Should().Equal(Expected(BoundedCount));
        Rows(fixture.Windows).Should().Equal(Expected(LongCount));
    }

    [Fact]
    public async Task StartAsync_TheInputThatHadEndedMayGrow_ReadsWhatIsNew()
    {
        await using var fixture = new JobFixture();
        var growing = WriteBounded(fixture);
        string path;
        await using (var first = await StartAsync(fixture, "first", new(growing), HoldAt(HeldAt)))
        {
            CompletedCheckpoint last;
            var checkpointsAfterEnd = 0;
            do
            {
                last = await first.TriggerCheckpointAsync(fixture.Deadline);
                FinishedIn(last).Should().BeEmpty();
                checkpointsAfterEnd += Rows(fixture.Totals).Count == 7 ? 1 : 0;
            }
            while (checkpointsAfterEnd < 5);

            path = last.Path;
            await first.CancelAsync(fixture.Deadline);
        }

        File.AppendAllLines(growing, ["1000", "2000"]);
        await using var second = await StartAsync(fixture, "second", new(growing), null, path);
        await second.Completion.WaitAsync(fixture.Deadline);

        second.ElementsRead.Should().Be(LongCount - HeldAt + 2);
    }

    [Fact]
    public async Task TriggerCheckpointAsync_JobStaysAtTheEndOfInput_NothingFinishes()
    {
        await using var fixture = new JobFixture();
        var job = new StreamJobBuilder("stays");
        job.AddSource("numbers", new InMemorySource<int>([1, 2, 3]))
            .KeyBy(static number => number).Process("sums", static () => new SumOperator())
            .AddSink("file", new TwoPhaseFileSink<string>(fixture.Totals, static row => row));
        await using var run = await fixture.Host.StartAsync(
            job.Build(), new() { FinishAtEndOfInput = false }, fixture.Deadline);
        await run.WaitForEndOfInputAsync(fixture.Deadline);

        for (var i = 0; i < 6; i++)
        {
            FinishedIn(await run.TriggerCheckpointAsync(fixture.Deadline)).Should().BeEmpty();
        }
    }

    [Theory]
    [InlineData(StopMode.Suspend)]
    [InlineData(StopMode.Drain)]
    public async Task StopWithSavepointAsync_SomeHaveFinished_TheSavepointKnowsAndTheRestGoesOn(StopMode mode)
    {
        await using var fixture = new JobFixture();
        var bounded = WriteBounded(fixture);
        CompletedCheckpoint savepoint;
        await using (var first = await StartAsync(fixture, "first", new(bounded) { MayGrow = false }, HoldAt(HeldAt)))
        {
            await FinishedCheckpointAsync(first, fixture, "bounded", "bounded-sums");
            savepoint = await first.StopWithSavepointAsync("savepoints", mode, cancellationToken: fixture.Deadline);
        }

        FinishedIn(savepoint).Should().Contain(["bounded", "bounded-sums"]);
        Rows(fixture.Totals).Should().Equal(Expected(BoundedCount));
        if (mode == StopMode.Drain)
        {
            Rows(fixture.Windows).Should().Equal(Expected(HeldAt));
            return;
        }

        File.Delete(bounded);
        await using var second = await StartAsync(
            fixture, "second", new(bounded) { MayGrow = false }, null, savepoint.Path);
        await second.Completion.WaitAsync(fixture.Deadline);
        Rows(fixture.Totals).Should().Equal(Expected(BoundedCount));
        Rows(fixture.Windows).Should().Equal(Expected(LongCount));
    }

    // What reader 0 keeps is union state, and half of that would be taken for the whole: so it waits for reader 1.
    [Fact]
    public async Task TriggerCheckpointAsync_OneReaderOfAParallelSourceHasEnded_TheSourceFinishesAsAWhole()
    {
        await using var fixture = new JobFixture();
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var job = new StreamJobBuilder("readers");
        job.AddSource("halves", new HalfOpenSource(open.Task))
            .AddSink("file", new TwoPhaseFileSink<int>(fixture.Totals, static number => $"{number}"));
        job.AddSource("long", new ListSource<int>([1], HoldAt(0)))
            .AddSink("long-file", new TwoPhaseFileSink<int>(fixture.Windows, static number => $"{number}"));
        await using var run = await fixture.Host.StartAsync(job.Build(), new() { Parallelism = 2 }, fixture.Deadline);
        await Eventually.HoldsAsync(() => run.ElementsRead == 1, fixture.Deadline);

        for (var i = 0; i < 6; i++)
        {
            FinishedIn(await run.TriggerCheckpointAsync(fixture.Deadline)).Should().BeEmpty();
        }

        open.SetResult();
        await FinishedCheckpointAsync(run, fixture, "halves", "file", "file-committer");
        Rows(fixture.Totals).Should().Equal("0", "1");
    }

    [Fact]
    public async Task StartAsync_WhatBroadcastHadFinished_ItsStateGoesOnAtAnotherParallelism()
    {
        await using var fixture = new JobFixture();
        string path;
        await using (var first = await StartBroadcastAsync(fixture, HoldAt(HeldAt), null, 2))
        {
            await Eventually.HoldsAsync(() => first.ElementsRead == HeldAt + 1, fixture.Deadline);
            path = (await FinishedCheckpointAsync(first, fixture, "factor")).Path;
            await first.CancelAsync(fixture.Deadline);
        }

        await using var second = await StartBroadcastAsync(fixture, null, path, 3);
        await second.Completion.WaitAsync(fixture.Deadline);

        second.ElementsRead.Should().Be(LongCount - HeldAt, "the factor is not read again");
        Rows(fixture.Windows).Should().HaveCount(LongCount).And.OnlyContain(row => row.EndsWith(" times 3"));
    }

    private static Task<RunningJob> StartBroadcastAsync(
        JobFixture fixture, Func<long, Task>? gate, string? resumeFrom, int parallelism)
    {
        var job = new StreamJobBuilder("broadcast");
        var known = new Announcement(parallelism);
        var factor = job.AddSource("factor", new InMemorySource<int>([3])).Broadcast();
        job.AddSource("numbers", new ListSource<int>(
                [.. Enumerable.Range(0, LongCount)],
                place => place == 0 ? known.Heard : gate?.Invoke(place) ?? Task.CompletedTask))
            .KeyBy(static number => number).Connect(factor)
            .Process("scaled", () => new ScaleOperator(known))
            .AddSink("file", new TwoPhaseFileSink<string>(fixture.Windows, static row => row));
        return fixture.Host.StartAsync(
            job.Build(), OptionsOf($"run-{parallelism}", resumeFrom, parallelism), fixture.Deadline);
    }

    private static Task<RunningJob> StartAsync(
        JobFixture fixture, string name, LineFileSource bounded, Func<long, Task>? gate, string? resumeFrom = null,
        int parallelism = 2)
    {
        var job = new StreamJobBuilder("two-inputs");
        job.AddSource("bounded", bounded).Map(static line => int.Parse(line))
            .KeyBy(static number => number % 7).Process("bounded-sums", static () => new SumOperator())
            .AddSink("bounded-file", new TwoPhaseFileSink<string>(fixture.Totals, static row => row));
        job.AddSource("long", new ListSource<int>([.. Enumerable.Range(0, LongCount)], gate))
            .KeyBy(static number => number % 7).Process("long-sums", static () => new SumOperator())
            .AddSink("long-file", new TwoPhaseFileSink<string>(fixture.Windows, static row => row));
        return fixture.Host.StartAsync(job.Build(), OptionsOf(name, resumeFrom, parallelism), fixture.Deadline);
    }

    private static StartOptions OptionsOf(string name, string? resumeFrom, int parallelism) => new()
    {
        Name = name,
        Parallelism = parallelism,
        ResumeFrom = resumeFrom,
        Retention = CheckpointRetention.OnCancellation,
        Checkpoints = { MaxRetainedCheckpoints = 1_000 },
    };

    private static string WriteBounded(JobFixture fixture)
    {
        var path = fixture.File("bounded.txt");
        File.WriteAllLines(path, Enumerable.Range(0, BoundedCount).Select(static number => $"{number}"));
        return path;
    }

    private static Func<long, Task> HoldAt(int count) => place => place < count ? Task.CompletedTask : Never;

    /// <summary>Takes checkpoints until one says that the operators have finished: one after the other do.</summary>
    private static async Task<CompletedCheckpoint> FinishedCheckpointAsync(
        RunningJob run, JobFixture fixture, params string[] operators)
    {
        while (true)
        {
            var checkpoint = await run.TriggerCheckpointAsync(fixture.Deadline);
            var finished = FinishedIn(checkpoint);
            if (finished.IsSupersetOf(operators))
            {
                finished.Should().BeEquivalentTo(operators.Concat(finished.Where(static name =>
                    name.StartsWith("bounded", StringComparison.Ordinal))).Distinct(), "the others run");
                return checkpoint;
            }
        }
    }

    private static HashSet<string> FinishedIn(CompletedCheckpoint checkpoint)
    {
        checkpoint.Metadata.Operators.SelectMany(static o => o.Subtasks).Should().NotContain(
            static subtask => subtask.IsFinished, "operators finish as a whole");
        return [.. checkpoint.Metadata.Operators.Where(static o => o.IsFullyFinished).Select(static o => o.Name!)];
    }

    private static List<string> Rows(string file) =>
        File.Exists(file) ? [.. File.ReadLines(file).Order(StringComparer.Ordinal)] : [];

    private static IEnumerable<string> Expected(int count) => Enumerable.Range(0, count)
        .GroupBy(static number => number % 7).Select(static group => $"{group.Key},{group.Sum()}")
        .Order(StringComparer.Ordinal);

    private sealed class SumOperator : KeyedOperator<int, int, string>
    {
        private static readonly ValueStateDescriptor<long> Sum = new("sum");

        private ValueState<long> _sum = null!;

        public override IReadOnlyList<StateDescriptor> States => [Sum];

        public override void Open(KeyedOperatorContext<int> context) => _sum = context.GetState(Sum);

        public override void Process(int value, KeyedElementContext<int> context, Emitter<string> output)
        {
            _sum.Set(_sum.GetOrDefault() + value);
            context.Timers.RegisterEventTime(Timestamp.MaxValue);
        }

        public override void OnTimer(StateTimer timer, KeyedElementContext<int> context, Emitter<string> output) =>
            output.Emit($"{context.Key},{_sum.GetOrDefault()}");
    }

    private sealed class ScaleOperator(Announcement known)
        : KeyedBroadcastOperator<int, int, int, string>
    {
        private static readonly BroadcastStateDescriptor<string, int> Factors = new("factors");

        private ReadOnlyBroadcastState<string, int> _factors = null!;

        public override IReadOnlyList<StateDescriptor> States => [Factors];

        public override void Open(KeyedOperatorContext<int> context) => _factors = context.GetState(Factors);

        public override void Process(int value, KeyedElementContext<int> context, Emitter<string> output) =>
            output.Emit($"{value} times {(_factors.TryGet("factor", out var factor) ? factor : 0)}");

        public override void ProcessBroadcast(int value, BroadcastElementContext context, Emitter<string> output)
        {
            context.GetState(Factors).Set("factor", value);
            known.Signal();
        }
    }

    /// <summary>Completes when so many have heard it.</summary>
    private sealed class Announcement(int count)
    {
        private readonly TaskCompletionSource _heard = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _left = count;

        public Task Heard => _heard.Task;

        public void Signal()
        {
            if (Interlocked.Decrement(ref _left) == 0)
            {
                _heard.SetResult();
            }
        }
    }

    /// <summary>Two readers with one number each: the first ends at once, the second when it is let.</summary>
    private sealed class HalfOpenSource(Task open) : ISource<int>
    {
        public bool IsParallel => true;

        public SourceReader<int> CreateReader() => new Reader(open);

        private sealed class Reader(Task open) : SourceReader<int>
        {
            private static readonly OperatorListStateDescriptor<int> Read =
                new("read") { Redistribution = StateRedistribution.Union };

            private OperatorListState<int> _read = null!;
            private int _index;
            private bool _isRead;

            public override IReadOnlyList<StateDescriptor> States => [Read];

            public override void Open(SourceContext context)
            {
                (_read, _index) = (context.State.GetState(Read), context.SubtaskIndex);
                _isRead = _read.Items.Contains(_index);
            }

            public override bool TryReadNext([MaybeNullWhen(false)] out int value)
            {
                value = _index;
                var reads = !_isRead && (_index == 0 || open.IsCompleted);
                _isRead |= reads;
                return reads;
            }

            public override async ValueTask<bool> WaitForMoreAsync(CancellationToken cancellationToken)
            {
                if (_isRead)
                {
                    return false;
                }

                await open.WaitAsync(cancellationToken);
                return true;
            }

            public override void SnapshotPosition() => _read.Replace(_isRead ? [_index] : []);
        }
    }
}
