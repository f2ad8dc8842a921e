using Checkpointing.Coordination;
using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Sinks;
using Checkpointing.Hosting.Sources;
using Checkpointing.Hosting.Tests.Support;

namespace Checkpointing.Hosting.Tests.Execution;

/// <summary>State is found by the operator's name, whatever else of the program changes.</summary>
public sealed class OperatorIdentityTests
{
    private static readonly int[] Numbers = [.. Enumerable.Range(1, 100)];

    private readonly InMemorySink<long> _sums = new();

    [Fact]
    public async Task StartAsync_StatelessOperatorsAddedRemovedAndReordered_FindsTheState()
    {
        await using var fixture = new JobFixture();
        var path = await RunFirstAsync(fixture);

        var job = new StreamJobBuilder("second");
        var others = job.AddSource("other-numbers", new InMemorySource<int>([]));
        var numbers = job.AddSource("numbers", new InMemorySource<int>(Numbers)).Filter(static _ => true);
        numbers.Union(others).AddSink("all", new InMemorySink<int>());
        numbers.Process("pass", static () => new PassOn()).Map(static number => (long)number)
            .KeyBy(static _ => 0).Reduce("sum", static (sum, number) => sum + number)
            .Map(static sum => sum).AddSink("sums", _sums);
        await RunToEndAsync(fixture, job.Build(), path);

        _sums.Items[^1].Should().Be(Numbers.Sum(), "the second half was added to what was stored of the first");
        _sums.Items.Should().HaveCount(50);
    }

    [Fact]
    public async Task StartAsync_StatefulOperatorRenamed_IsRefusedUnlessAllowed()
    {
        await using var fixture = new JobFixture();
        var path = await RunFirstAsync(fixture);
        var job = new StreamJobBuilder("second");
        job.AddSource("numbers", new InMemorySource<int>(Numbers)).Map(static number => (long)number)
            .KeyBy(static _ => 0).Reduce("sum-of-all", static (sum, number) => sum + number).AddSink("sums", _sums);
        var second = job.Build();

        var starting = () => RunToEndAsync(fixture, second, path);
        (await starting.Should().ThrowAsync<StateMigrationException>()).Which.Operator.Should().Be("sum");
        await RunToEndAsync(fixture, second, path, allowNonRestoredState: true);

        _sums.Items[^1].Should().Be(Numbers.Skip(50).Sum());
    }

    private static async Task<string> RunFirstAsync(JobFixture fixture)
    {
        var job = new StreamJobBuilder("first");
        var numbers = job.AddSource("numbers", new InMemorySource<int>(Numbers).PausingAfter(50))
            .Map(static number => (long)number);
        numbers.KeyBy(static _ => 0).Reduce("sum", static (sum, number) => sum + number)
            .AddSink("first-sums", new InMemorySink<long>());
        numbers.AddSink("seen", new InMemorySink<long>());
        await using var run = await fixture.Host.StartAsync(
            job.Build(), new() { Retention = CheckpointRetention.OnCancellation }, fixture.Deadline);
        await run.WaitForSourceIdleAsync(fixture.Deadline);
        var checkpoint = await run.TriggerCheckpointAsync(fixture.Deadline);
        await run.CancelAsync(fixture.Deadline);
        return checkpoint.Path;
    }

    private static async Task RunToEndAsync(
        JobFixture fixture, StreamJob job, string path, bool allowNonRestoredState = false)
    {
        await using var run = await fixture.Host.StartAsync(
            job, new() { ResumeFrom = path, AllowNonRestoredState = allowNonRestoredState }, fixture.Deadline);
        await run.Completion.WaitAsync(fixture.Deadline);
    }

    private sealed class PassOn : StreamOperator<int, int>
    {
        public override void Process(int value, ElementContext context, Emitter<int> output) => output.Emit(value);
    }
}
