using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Sinks;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.State;

namespace Checkpointing.Hosting.Tests.Execution;

/// <summary>Jobs of which one input has ended while another goes on: checkpoints go on, and what has finished stays
/// finished after a restore.</summary>
public sealed class FinishedSourcesTests
{
    private const int BoundedCount = 100;
    private const int LongCount = 1_000;

    private static readonly Task Never = new TaskCompletionSource().Task;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TriggerCheckpointAsync_OneInputHasEnded_CompletesAndTheRestGoesOn(bool fails)
    {
        await using var fixture = new JobFixture(
            new() { RestartStrategy = RestartStrategy.FixedDelay(5, TimeSpan.Zero) });
        string path;
        await using (var first = await fixture.Host.StartAsync(
            Define(fixture, place => place < 400 ? Task.CompletedTask : Never),
            new()
            {
                Name = "first",
                Parallelism = 2,

                // Periodic ones go on: the last by hand must not be pushed out before the job is cancelled.
                Checkpoints = { Interval = TimeSpan.FromMilliseconds(10), MaxRetainedCheckpoints = 1_000 },
            },
            fixture.Deadline))
        {
            // The totals of the bounded input can only be committed by a checkpoint after its end.
            await UntilAsync(
                () => File.Exists(fixture.Totals) && File.ReadAllLines(fixture.Totals).Length == 7, fixture);
            await UntilAsync(() => first.ElementsRead == BoundedCount + 400, fixture);
            var one = await first.TriggerCheckpointAsync(fixture.Deadline);
            var two = await first.TriggerCheckpointAsync(fixture.Deadline);
            two.Id.Should().BeGreaterThan(one.Id);
            first.Completion.IsCompleted.Should().BeFalse();
            path = two.Path;
            await first.CancelAsync(fixture.Deadline);
        }

        var failures = fails ? 1 : 0;
        await using var second = await fixture.Host.StartAsync(
            Define(
                fixture, null,
                number =>
                {
                    if (number == 700 && Interlocked.Decrement(ref failures) == 0)
                    {
                        throw new InvalidDataException("planned");
                    }
                }),
            new() { Name = "second", Parallelism = 3, ResumeFrom = path }, fixture.Deadline);
        await second.Completion.WaitAsync(fixture.Deadline);

        second.RestartCount.Should().Be(fails ? 1 : 0);
        if (!fails)
        {
            second.ElementsRead.Should().Be(LongCount - 400, "the input that had ended is not read again");
        }

        File.ReadLines(fixture.Totals).Order(StringComparer.Ordinal).Should().Equal(Expected(BoundedCount));
        File.ReadLines(fixture.Windows).Order(StringComparer.Ordinal).Should().Equal(Expected(LongCount));
    }

    private static StreamJob Define(JobFixture fixture, Func<long, Task>? gate, Action<int>? onNumber = null)
    {
        var job = new StreamJobBuilder("two-inputs");
        job.AddSource("bounded", new ListSource<int>([.. Enumerable.Range(0, BoundedCount)]))
            .KeyBy(static number => number % 7).Process("bounded-sums", () => new SumOperator(null))
            .AddSink("bounded-file", new TwoPhaseFileSink<string>(fixture.Totals, static row => row));
        job.AddSource("long", new ListSource<int>([.. Enumerable.Range(0, LongCount)], gate))
            .KeyBy(static number => number % 7).Process("long-sums", () => new SumOperator(onNumber))
            .AddSink("long-file", new TwoPhaseFileSink<string>(fixture.Windows, static row => row));
        return job.Build();
    }

    private static IEnumerable<string> Expected(int count) => Enumerable.Range(0, count)
        .GroupBy(static number => number % 7).Select(static group => $"{group.Key},{group.Sum()}")
        .Order(StringComparer.Ordinal);

    private static async Task UntilAsync(Func<bool> condition, JobFixture fixture)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (!condition())
        {
            await timer.WaitForNextTickAsync(fixture.Deadline);
        }
    }

    private sealed class SumOperator(Action<int>? onNumber) : KeyedOperator<int, int, string>
    {
        private static readonly ValueStateDescriptor<long> Sum = new("sum");

        private ValueState<long> _sum = null!;

        public override IReadOnlyList<StateDescriptor> States => [Sum];

        public override void Open(KeyedOperatorContext<int> context) => _sum = context.GetState(Sum);

        public override void Process(int value, KeyedElementContext<int> context, Emitter<string> output)
        {
            onNumber?.Invoke(value);
            _sum.Set(_sum.GetOrDefault() + value);
            context.Timers.RegisterEventTime(Timestamp.MaxValue);
        }

        public override void OnTimer(StateTimer timer, KeyedElementContext<int> context, Emitter<string> output) =>
            output.Emit($"{context.Key},{_sum.GetOrDefault()}");
    }
}
