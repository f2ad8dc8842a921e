using System.Globalization;
using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.RocksDb;
using Checkpointing.State;
using Checkpointing.State.Heap;

namespace Checkpointing.Hosting.Tests.Operators;

/// <summary>Timers of processing time: state like any other. Driven without channels, the time given by the
/// test.</summary>
public sealed class ProcessingTimeTests
{
    [Fact]
    public async Task AdvanceProcessingTime_SeveralDue_FireByTimeThenKey()
    {
        await using var bed = await OperatorBed.OpenAsync(Define(), "alarms", parallelism: 1);
        Send(bed, "b", "30");
        Send(bed, "a", "10");
        Send(bed, "c", "10");
        Send(bed, "a", "10");
        Send(bed, "a", "31");

        bed.Subtasks[0].NextProcessingTime.Should().Be(new Timestamp(10));
        bed.AdvanceProcessingTime(9);
        bed.Output.Should().BeEmpty();
        bed.AdvanceProcessingTime(30);

        // Keys of one time by key group, as rows are ordered.
        Texts(bed)[..2].Should().BeEquivalentTo("a ProcessingTime 10", "c ProcessingTime 10");
        Texts(bed)[2..].Should().Equal("b ProcessingTime 30");
        bed.Subtasks[0].NextProcessingTime.Should().Be(new Timestamp(31));
    }

    [Fact]
    public async Task Delete_BeforeItIsDue_NeverFires()
    {
        await using var bed = await OperatorBed.OpenAsync(Define(), "alarms", parallelism: 1);
        Send(bed, "a", "10");
        Send(bed, "a", "20");
        Send(bed, "a", "-10");
        Send(bed, "a", "-99");

        bed.AdvanceProcessingTime(100);

        Texts(bed).Should().Equal("a ProcessingTime 20");
        bed.Subtasks[0].NextProcessingTime.Should().BeNull();
    }

    [Fact]
    public async Task Watermark_TimersOfBothClocks_FireByTheirOwn()
    {
        await using var bed = await OperatorBed.OpenAsync(Define(), "alarms", parallelism: 1);
        Send(bed, "a", "10");
        Send(bed, "a", "e10");

        bed.Watermark(50);
        Texts(bed).Should().Equal("a EventTime 10");
        bed.AdvanceProcessingTime(50);
        Texts(bed).Should().Equal("a EventTime 10", "a ProcessingTime 10");
    }

    [Theory]
    [InlineData(1, 3, false)]
    [InlineData(4, 1, false)]
    [InlineData(2, 3, true)]
    public async Task Restore_AnotherParallelism_KeepsTimersAndFiresWhatCameDueMeanwhile(
        int before, int after, bool onRocksDb)
    {
        using var folder = new TemporaryFolder();
        IKeyedStateBackendFactory backend = onRocksDb
            ? new RocksDbBackendFactory(new() { WorkingDirectory = folder.File("work") })
            : new HeapBackendFactory();
        var bed = await OperatorBed.OpenAsync(Define(), "alarms", before, backend);
        for (var i = 0; i < 20; i++)
        {
            Send(bed, $"k{i}", $"{100 + i}");
            Send(bed, $"k{i}", $"e{100 + i}");
        }

        bed.AdvanceProcessingTime(104);
        bed.Output.Should().HaveCount(5);
        bed = await bed.RestoreAsync(await bed.CheckpointAsync(), after, backend);
        bed.AdvanceProcessingTime(111);
        bed.Output.Should().HaveCount(12);
        bed.AdvanceProcessingTime(1_000);
        bed.Watermark(1_000);

        Texts(bed).Order().Should().Equal(Enumerable.Range(0, 20).SelectMany(static i => new[]
        {
            $"k{i} ProcessingTime {100 + i}", $"k{i} EventTime {100 + i}",
        }).Order());
        await bed.DisposeAsync();
    }

    [Fact]
    public async Task OnTimer_RegistersTheNext_FiresInTheSameCallIfItIsDue()
    {
        await using var bed = await OperatorBed.OpenAsync(Define(), "alarms", parallelism: 1);
        Send(bed, "a", "repeat");

        bed.AdvanceProcessingTime(3_500);

        Texts(bed).Should().Equal("a ProcessingTime 1000", "a ProcessingTime 2000", "a ProcessingTime 3000");
        bed.Subtasks[0].NextProcessingTime.Should().Be(new Timestamp(4_000));
    }

    private static void Send(OperatorBed bed, string key, string text) => bed.Process(key, (key, text), 0);

    private static List<string> Texts(OperatorBed bed) => bed.Output.ConvertAll(static sent => (string)sent.Value);

    private static StreamJob Define() => Jobs.Of<(string Key, string Text)>(static (_, commands) =>
        commands.KeyBy(static command => command.Key).Process("alarms", static () => new Alarms()).AddOut());

    /// <summary>A number registers a timer, a negative one deletes it; with an e in front it is of event
    /// time.</summary>
    private sealed class Alarms : KeyedOperator<string, (string Key, string Text), string>
    {
        private const long RepeatMs = 1_000;

        public override void Process(
            (string Key, string Text) command, KeyedElementContext<string> context, Emitter<string> output)
        {
            var value = command.Text;
            if (value == "repeat")
            {
                context.Timers.RegisterProcessingTime(new(RepeatMs));
            }
            else if (value[0] == 'e')
            {
                context.Timers.RegisterEventTime(new(long.Parse(value[1..], CultureInfo.InvariantCulture)));
            }
            else if (value[0] == '-')
            {
                context.Timers.DeleteProcessingTime(new(long.Parse(value[1..], CultureInfo.InvariantCulture)));
            }
            else
            {
                context.Timers.RegisterProcessingTime(new(long.Parse(value, CultureInfo.InvariantCulture)));
            }
        }

        public override void OnTimer(StateTimer timer, KeyedElementContext<string> context, Emitter<string> output)
        {
            output.Emit($"{context.Key} {timer.Domain} {timer.Time}");
            if (timer.Time.Milliseconds >= RepeatMs)
            {
                context.Timers.RegisterProcessingTime(new(timer.Time.Milliseconds + RepeatMs));
            }
        }
    }
}
