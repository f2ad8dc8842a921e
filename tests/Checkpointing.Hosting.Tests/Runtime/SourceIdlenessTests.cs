using Checkpointing.Hosting.Definition;
using Checkpointing.Hosting.Runtime;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.State;

namespace Checkpointing.Hosting.Tests.Runtime;

public sealed class SourceIdlenessTests : IAsyncDisposable
{
    private readonly Outbox _outbox = new();
    private readonly List<string> _input = [];
    private readonly SourceRuntime _runtime;
    private readonly SourceRuntime _withFewWatermarks;

    public SourceIdlenessTests()
    {
        _runtime = Open(recordsPerWatermark: 1);
        _withFewWatermarks = Open(recordsPerWatermark: 100);
    }

    public async ValueTask DisposeAsync()
    {
        await _runtime.Logic.DisposeAsync();
        await _withFewWatermarks.Logic.DisposeAsync();
    }

    private SourceRuntime Open(int recordsPerWatermark)
    {
        var port = new OutputPort<string>([new(1, 0)], null, _outbox, batchSize: 4);
        var logic = new SourceLogic<string>(
            new ListSource<string>(_input).CreateReader(), null,
            new EventTime<string>(static text => new(text.Length), 0, recordsPerWatermark), port.AsCollector());
        logic.OpenAsync(SubtaskContexts.Of("source"), CancellationToken.None).IsCompletedSuccessfully.Should().BeTrue();
        return new(
            new("job", 1, 0, "source", 0), logic, [port.AsPort()], _outbox, TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public void Step_NothingForTheWholeTime_IsIdleUntilTheNextRecord()
    {
        _input.Add("aaa");
        Turn(0);
        Turn(1_000);
        Sent().Should().Equal("aaa", "watermark 2");
        _runtime.NextProcessingTime.Should().Be(new Timestamp(1_100), "it waits since 1,000");

        Turn(1_099);
        Sent().Should().BeEmpty();
        Turn(1_100);
        Sent().Should().Equal("idle");
        Turn(1_300);
        Sent().Should().BeEmpty();

        _input.Add("bbbbb");
        Turn(1_400);
        Sent().Should().Equal("bbbbb", "watermark 2", "watermark 4");
        Turn(1_450);
        _runtime.NextProcessingTime.Should().Be(new Timestamp(1_550));
    }

    [Fact]
    public void Step_HeldUpForLong_IsNotIdle()
    {
        _input.AddRange(["a", "bb", "ccc"]);
        Turn(0);

        // What kept the loop from reading was not the input.
        Turn(10_000);

        Sent().Should().Equal("a", "watermark 0", "bb", "watermark 1");
    }

    [Fact]
    public void Step_ReadsAndWaitsInOne_WaitsFromThen()
    {
        _input.Add("a");

        _withFewWatermarks.AdvanceProcessingTime(new(7));
        _withFewWatermarks.Step().Should().Be(SourceStep.Waiting);

        _withFewWatermarks.NextProcessingTime.Should().Be(
            new Timestamp(107), "nobody may call again before the time is up");
    }

    private void Turn(long now)
    {
        _runtime.AdvanceProcessingTime(new(now));
        _runtime.Step();
        _runtime.FlushOutputs();
    }

    private List<string> Sent()
    {
        var sent = _outbox.Elements.ConvertAll(static sent => sent.Element switch
        {
            RecordBatch<string> batch => string.Join(',', batch.Values.ToArray()),
            WatermarkElement watermark => $"watermark {watermark.Time}",
            IdleElement => "idle",
            _ => "?",
        });
        _outbox.Elements.Clear();
        return sent;
    }
}
