using System.Globalization;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Sinks;
using Checkpointing.Hosting.Tests.Support;

namespace Checkpointing.Hosting.Tests.Execution;

/// <summary>A job that starts from an older checkpoint than its outputs are at: they are taken back, or the start is
/// refused, and a start that is refused, for whatever reason, changes no output.</summary>
public sealed class FallingBackTests
{
    private const int Count = 300;

    [Fact]
    public async Task StartAsync_FromAnOlderCheckpoint_TakesRowsBackAndWritesThemAgain()
    {
        await using var fixture = new JobFixture();
        var (older, _) = await RunAndCancelAsync(fixture);

        await using var run = await fixture.Host.StartAsync(
            Define(fixture), new() { Name = "second", ResumeFrom = older.Path }, fixture.Deadline);
        await run.Completion.WaitAsync(fixture.Deadline);

        Outputs(fixture).Should().AllSatisfy(static rows => rows.Should().Equal(Rows(Count)));
    }

    [Fact]
    public async Task StartAsync_FromAnOlderCheckpointAndOneSinkMayNotTakeBack_IsRefusedAndNoOutputIsChanged()
    {
        await using var fixture = new JobFixture();
        var (older, newer) = await RunAndCancelAsync(fixture, SinkFallBack.Refuse);

        var starting = () => fixture.Host.StartAsync(
            Define(fixture, SinkFallBack.Refuse), new() { Name = "second", ResumeFrom = older.Path }, fixture.Deadline);

        (await starting.Should().ThrowAsync<SinkOutputException>()).Which.Path.Should().Be(fixture.Totals);
        Outputs(fixture).Should().AllSatisfy(static rows => rows.Should().Equal(Rows(200)));
        await ShouldGoOnFromAsync(newer, fixture);
    }

    // Found by reading: the first sink had cut its file by then, and the newer checkpoint could not be used any more.
    [Fact]
    public async Task StartAsync_FromAnOlderCheckpointAndAnotherOperatorCannotBeOpened_ChangesNoOutput()
    {
        await using var fixture = new JobFixture();
        var (older, newer) = await RunAndCancelAsync(fixture);

        var starting = () => fixture.Host.StartAsync(
            Define(fixture, opens: false), new() { Name = "second", ResumeFrom = older.Path }, fixture.Deadline);

        await starting.Should().ThrowAsync<InvalidDataException>();
        Outputs(fixture).Should().AllSatisfy(static rows => rows.Should().Equal(Rows(200)));
        await ShouldGoOnFromAsync(newer, fixture);
    }

    [Fact]
    public async Task StartAsync_OneOutputIsGone_IsRefusedAndTheOtherIsNotChanged()
    {
        await using var fixture = new JobFixture();
        var (older, newer) = await RunAndCancelAsync(fixture);
        var content = File.ReadAllText(fixture.Totals);
        File.Delete(fixture.Totals);

        var starting = () => fixture.Host.StartAsync(
            Define(fixture), new() { Name = "second", ResumeFrom = older.Path }, fixture.Deadline);

        await starting.Should().ThrowAsync<SinkOutputException>()
            .WithMessage("*found neither; the output has 0 bytes*");
        File.Exists(fixture.Totals).Should().BeFalse();
        File.WriteAllText(fixture.Totals, content);
        await ShouldGoOnFromAsync(newer, fixture);
    }

    [Fact]
    public async Task StartAsync_NewestCheckpointUnreadable_FallsBackInStateAndOutput()
    {
        await using var fixture = new JobFixture();
        var (_, newer) = await RunAndCancelAsync(fixture);
        File.Delete(fixture.File($"checkpoints/{newer.MetadataPath}"));

        await using var run = await fixture.Host.StartAsync(
            Define(fixture), new() { Name = "first" }, fixture.Deadline);
        await run.Completion.WaitAsync(fixture.Deadline);

        run.ElementsRead.Should().Be(Count - 100);
        Outputs(fixture).Should().AllSatisfy(static rows => rows.Should().Equal(Rows(Count)));
    }

    private static async Task ShouldGoOnFromAsync(CompletedCheckpoint checkpoint, JobFixture fixture)
    {
        await using var run = await fixture.Host.StartAsync(
            Define(fixture), new() { Name = "third", ResumeFrom = checkpoint.Path }, fixture.Deadline);
        await run.Completion.WaitAsync(fixture.Deadline);
        run.ElementsRead.Should().Be(Count - 200);
        Outputs(fixture).Should().AllSatisfy(static rows => rows.Should().Equal(Rows(Count)));
    }

    /// <summary>Commits 100 rows with the older checkpoint and 100 more with the newer one.</summary>
    private static async Task<(CompletedCheckpoint Older, CompletedCheckpoint Newer)> RunAndCancelAsync(
        JobFixture fixture, SinkFallBack fallBack = SinkFallBack.TakeBack)
    {
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var never = new TaskCompletionSource();
        await using var run = await fixture.Host.StartAsync(
            Define(
                fixture, fallBack,
                gate: place => place < 100 ? Task.CompletedTask : place < 200 ? open.Task : never.Task),
            new() { Name = "first", Checkpoints = { MaxRetainedCheckpoints = 3 } },
            fixture.Deadline);
        await ReadUpToAsync(run, 100, fixture);
        var older = await run.TriggerCheckpointAsync(fixture.Deadline);
        open.SetResult();
        await ReadUpToAsync(run, 200, fixture);
        var newer = await run.TriggerCheckpointAsync(fixture.Deadline);
        await run.CancelAsync(fixture.Deadline);
        Outputs(fixture).Should().AllSatisfy(static rows => rows.Should().Equal(Rows(200)));
        return (older, newer);
    }

    private static StreamJob Define(
        JobFixture fixture, SinkFallBack fallBack = SinkFallBack.TakeBack, bool opens = true,
        Func<long, Task>? gate = null)
    {
        var job = new StreamJobBuilder("numbers");
        var numbers = job.AddSource("numbers", new ListSource<int>([.. Enumerable.Range(0, Count)], gate));
        numbers.AddSink("first-file", new TwoPhaseFileSink<int>(fixture.Windows, Text));
        var passed = numbers.KeyBy(static _ => 0).Process("pass", () => new PassOperator(opens));
        passed.AddSink("second-file", new TwoPhaseFileSink<int>(fixture.Totals, Text) { FallBack = fallBack });
        return job.Build();
    }

    private static async Task ReadUpToAsync(RunningJob run, long count, JobFixture fixture)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (run.ElementsRead < count)
        {
            await timer.WaitForNextTickAsync(fixture.Deadline);
        }
    }

    private static List<string[]> Outputs(JobFixture fixture) =>
        [File.ReadAllLines(fixture.Windows), File.ReadAllLines(fixture.Totals)];

    private static IEnumerable<string> Rows(int count) => Enumerable.Range(0, count).Select(Text);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private sealed class PassOperator(bool opens) : KeyedOperator<int, int, int>
    {
        public override void Open(KeyedOperatorContext<int> context)
        {
            if (!opens)
            {
                throw new InvalidDataException("planned");
            }
        }

        public override void Process(int value, KeyedElementContext<int> context, Emitter<int> output) =>
            output.Emit(value);
    }
}
