using Checkpointing.Coordination;
using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Sinks;
using Checkpointing.Hosting.Sources;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.Hosting.Windows;
using Checkpointing.State;
using Checkpointing.Storage.InMemory;
using Microsoft.Extensions.Time.Testing;

namespace Checkpointing.Hosting.Tests.Execution;

/// <summary>What follows the process's clock, in a host with a clock of the test.</summary>
public sealed class ClockTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly CancellationToken _deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token;
    private readonly InMemorySink<string> _sink = new();
    private readonly InProcessHost _host;

    public ClockTests() =>
        _host = new InProcessHostBuilder(new InMemoryCheckpointStorage()).WithTimeProvider(_time).Build();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Timer_OfProcessingTime_FiresWhenTheClockIsThere()
    {
        await using var run = await StartAlarmsAsync("first");
        await _sink.WaitForCountAsync(1, _deadline);

        _time.Advance(TimeSpan.FromMinutes(59));
        await run.TriggerCheckpointAsync(_deadline);
        _sink.Items.Should().Equal("set a");
        _time.Advance(TimeSpan.FromMinutes(2));
        await _sink.WaitForCountAsync(2, _deadline);

        _sink.Items.Should().Equal("set a", "rang a");
    }

    [Fact]
    public async Task Timer_OfProcessingTime_FiresAfterARestoreIfItCameDueMeanwhile()
    {
        string path;
        await using (var first = await StartAlarmsAsync("first"))
        {
            await _sink.WaitForCountAsync(1, _deadline);
            path = (await first.TriggerCheckpointAsync(_deadline)).Path;
            await first.CancelAsync(_deadline);
        }

        _time.Advance(TimeSpan.FromDays(3));
        await using var second = await StartAlarmsAsync("second", path);
        await _sink.WaitForCountAsync(2, _deadline);

        _sink.Items.Should().Equal("set a", "rang a");
    }

    [Fact]
    public async Task Generator_AtARate_FollowsTheClock()
    {
        var job = new StreamJobBuilder("job");
        job.AddSource("numbers", new GeneratorSource<string>(static number => $"{number}") { RecordsPerSecond = 10 })
            .AddSink("out", _sink);
        await using var run = await _host.StartAsync(job.Build(), new() { Parallelism = 2 }, _deadline);

        await AdvanceUntilAsync(TimeSpan.FromMilliseconds(100), _sink.WaitForCountAsync(30, _deadline));

        // By the readers' clocks, which began between the start and now.
        var seconds = _time.GetUtcNow().Subtract(_time.Start).TotalSeconds;
        run.ElementsRead.Should().BeInRange(30, (long)(seconds * 10) + 1);
    }

    [Fact]
    public async Task WithIdleness_SourceThatWaits_HoldsEventTimeBackNoMore()
    {
        var never = new TaskCompletionSource();
        var job = new StreamJobBuilder("job");
        var busy = job.AddSource(
            "busy", new ListSource<Order>(

                // The last is never read: an input that has ended would say nothing about the others.
                [new("a", 100, 1), new("a", 5_000, 2), new("a", 9_000, 4), new("a", 9_100, 32)], HoldAfter(3)))
            .WithEventTime(static order => new(order.TimeMs), TimeSpan.Zero, recordsPerWatermark: 1);
        var quiet = job.AddSource("quiet", new ListSource<Order>([new("a", 200, 8), new("a", 300, 16)], HoldAfter(1)))
            .WithEventTime(static order => new(order.TimeMs), TimeSpan.Zero, recordsPerWatermark: 1)
            .WithIdleness(TimeSpan.FromSeconds(10));
        busy.Union(quiet).KeyBy(static order => order.Customer)
            .Window(TumblingWindows.Of(TimeSpan.FromMilliseconds(1_000)))
            .Aggregate("sums", new SumOfAmounts(), static (_, window, sum) => $"{window.Start} {sum}")
            .AddSink("out", _sink);
        await using var run = await _host.StartAsync(job.Build(), cancellationToken: _deadline);

        await AdvanceUntilAsync(TimeSpan.FromSeconds(1), _sink.WaitForCountAsync(2, _deadline));

        _sink.Items.Should().Equal("0 9", "5000 2");
        _time.GetUtcNow().Subtract(_time.Start).Should().BeGreaterThanOrEqualTo(TimeSpan.FromSeconds(10));

        Func<long, Task> HoldAfter(long count) => next => next < count ? Task.CompletedTask : never.Task;
    }

    [Fact]
    public async Task WithIdleness_OneInputHasEndedAndTheOtherWaits_GoesOnButNotToTheEndOfTime()
    {
        var wakes = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var job = new StreamJobBuilder("job");
        var ending = job.AddSource(
            "ending", new ListSource<Order>([new("a", 100, 1), new("a", 5_000, 2), new("a", 9_000, 4)]))
            .WithEventTime(static order => new(order.TimeMs), TimeSpan.Zero, recordsPerWatermark: 1);
        var quiet = job.AddSource(
            "quiet", new ListSource<Order>(
                [new("a", 200, 8), new("a", 9_500, 16)], next => next < 1 ? Task.CompletedTask : wakes.Task))
            .WithEventTime(static order => new(order.TimeMs), TimeSpan.Zero, recordsPerWatermark: 1)
            .WithIdleness(TimeSpan.FromSeconds(10));
        ending.Union(quiet).KeyBy(static order => order.Customer)
            .Window(TumblingWindows.Of(TimeSpan.FromMilliseconds(1_000)))
            .Aggregate("sums", new SumOfAmounts(), static (_, window, sum) => $"{window.Start} {sum}")
            .AddSink("out", _sink);
        await using var run = await _host.StartAsync(job.Build(), cancellationToken: _deadline);

        await AdvanceUntilAsync(TimeSpan.FromSeconds(1), _sink.WaitForCountAsync(2, _deadline));
        _sink.Items.Should().Equal(["0 9", "5000 2"], "the ended input had come to 8,999");

        wakes.SetResult();
        await AdvanceUntilAsync(TimeSpan.FromSeconds(1), _sink.WaitForCountAsync(3, _deadline));
        _sink.Items[2].Should().Be("9000 20", "what wakes later than the other ended is not late for that");
        run.LateElementsDropped.Should().Be(0);
    }

    private async Task<RunningJob> StartAlarmsAsync(string name, string? resumeFrom = null)
    {
        var job = new StreamJobBuilder(name);
        job.AddSource("keys", new ListSource<string>(["a", "b"], static next =>
                next < 1 ? Task.CompletedTask : new TaskCompletionSource().Task))
            .KeyBy(static key => key).Process("alarms", static () => new AlarmInAnHour()).AddSink("out", _sink);
        return await _host.StartAsync(
            job.Build(), new() { ResumeFrom = resumeFrom, Retention = CheckpointRetention.OnCancellation }, _deadline);
    }

    private async Task AdvanceUntilAsync(TimeSpan step, Task condition)
    {
        // The loops set their timers when they come to it: so the clock goes on in steps until it is done, and leaves
        // them the processor between two.
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (!condition.IsCompleted)
        {
            _time.Advance(step);
            await pace.WaitForNextTickAsync();
        }

        await condition;
    }

    private sealed class AlarmInAnHour : KeyedOperator<string, string, string>
    {
        public override void Process(string value, KeyedElementContext<string> context, Emitter<string> output)
        {
            context.Timers.RegisterProcessingTime(new(context.ProcessingTime.Milliseconds + 3_600_000));
            output.Emit($"set {value}");
        }

        public override void OnTimer(StateTimer timer, KeyedElementContext<string> context, Emitter<string> output) =>
            output.Emit($"rang {context.Key}");
    }
}
