using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.State;

namespace Checkpointing.Hosting.Tests.Operators;

/// <summary>Two inputs that share the state of a key, driven without channels.</summary>
public sealed class TwoInputOperatorTests
{
    [Fact]
    public async Task Process_BothInputs_ShareTheStateOfTheKey()
    {
        await using var bed = await OperatorBed.OpenAsync(Define(), "join", parallelism: 3);

        bed.Process("a", new Price("a", 5), 1, input: 0);
        bed.Process("a", "a", 2, input: 1);
        bed.Process("b", "b", 3, input: 1);
        bed.Process("b", new Price("b", 7), 4, input: 0);
        bed.Process("b", "b", 5, input: 1);

        bed.Output.Should().Equal(
            new Sent("out", "a costs 5", new(2)), new Sent("out", "b costs 0", new(3)),
            new Sent("out", "b costs 7", new(5)));
    }

    [Fact]
    public async Task Watermark_OfBothInputs_IsTheLeast()
    {
        await using var bed = await OperatorBed.OpenAsync(Define(), "join", parallelism: 1);
        bed.Process("a", new Price("a", 5), 1, input: 0);

        bed.Watermark(200, input: 0);
        bed.Output.Should().BeEmpty();
        bed.Watermark(100, input: 1);
        bed.Output.Should().Equal(new Sent("out", "a fires at 100", new(100)));
    }

    [Fact]
    public async Task Watermark_OneInputIdle_IsTheOthers()
    {
        await using var bed = await OperatorBed.OpenAsync(Define(), "join", parallelism: 1);
        bed.Process("a", new Price("a", 5), 1, input: 0);
        bed.Watermark(200, input: 0);

        bed.Idle(input: 1);

        bed.Output.Should().ContainSingle().Which.Value.Should().Be("a fires at 100");
    }

    [Theory]
    [InlineData(1, 4)]
    [InlineData(4, 1)]
    [InlineData(3, 2)]
    public async Task Restore_AnotherParallelism_KeepsStateTimersAndWatermark(int before, int after)
    {
        var bed = await OperatorBed.OpenAsync(Define(), "join", before);
        foreach (var (key, price) in new[] { ("a", 1), ("b", 2), ("c", 3), ("d", 4), ("e", 5) })
        {
            bed.Process(key, new Price(key, price), 1, input: 0);
        }

        bed.Watermark(50, input: 0);
        bed.Watermark(60, input: 1);
        bed = await bed.RestoreAsync(await bed.CheckpointAsync(), after);
        bed.Subtasks.Should().OnlyContain(static subtask => subtask.Watermark == new Timestamp(50));
        bed.Process("d", "d", 70, input: 1);
        bed.Watermark(100, input: 0);
        bed.Watermark(100, input: 1);

        bed.Output[0].Value.Should().Be("d costs 4");
        bed.Output.Skip(1).Select(static sent => (string)sent.Value).Order().Should().Equal(
            "a fires at 100", "b fires at 100", "c fires at 100", "d fires at 100", "e fires at 100");
        await bed.DisposeAsync();
    }

    [Fact]
    public async Task Barrier_OnOneInput_BlocksItUntilTheOtherHasOne()
    {
        await using var bed = await OperatorBed.OpenAsync(Define(), "join", parallelism: 1);
        var subtask = bed.Subtasks[0];

        subtask.Handle(0, new Hosting.Runtime.BarrierElement(Requests.Checkpoint(1)));
        subtask.IsBlocked(0).Should().BeTrue();
        bed.Process("a", "a", 1, input: 1);
        bed.Output.Should().ContainSingle("the other input goes on");
        subtask.Handle(1, new Hosting.Runtime.BarrierElement(Requests.Checkpoint(1)));

        subtask.IsBlocked(0).Should().BeFalse();
        subtask.Outbox.Snapshots.Should().ContainSingle();
        await subtask.Outbox.Snapshots[0].DisposeAsync();
        subtask.Outbox.Snapshots.Clear();
    }

    [Fact]
    public void Connect_OtherSerializerOfKeys_IsRefused() =>
        ((Action)(() => Jobs.Of<string>(static (job, names) =>
        {
            var lengths = job.AddSource("lengths", new ListSource<string>([])).KeyBy(static text => text.Length);
            names.KeyBy(static text => (long)text.Length, new LengthSerializer()).Connect(
                job.AddSource("others", new ListSource<string>([])).KeyBy(static text => (long)text.Length));
        }))).Should().Throw<ArgumentException>().WithMessage("*different serializers*'test.length'*'int64'*");

    [Fact]
    public void Connect_StreamOfAnotherJob_IsRefused() =>
        ((Action)(() => Jobs.Of<string>(static (_, names) => names.KeyBy(static text => text).Connect(
            new StreamJobBuilder("other").AddSource("names", new ListSource<string>([])).KeyBy(static text => text)))))
            .Should().Throw<ArgumentException>().WithMessage("*'other'*");

    private static StreamJob Define() => Jobs.Of<Price>(static (job, prices) => prices
        .KeyBy(static price => price.Article)
        .Connect(job.AddSource("orders", new ListSource<string>([])).KeyBy(static article => article))
        .Process("join", static () => new Join()).AddOut());

    private readonly record struct Price(string Article, int Amount);

    /// <summary>Says what each ordered article costs, and each article at 100.</summary>
    private sealed class Join : KeyedTwoInputOperator<string, Price, string, string>
    {
        private static readonly ValueStateDescriptor<int> Amount = new("amount");

        private ValueState<int> _amount = null!;

        public override IReadOnlyList<StateDescriptor> States => [Amount];

        public override void Open(KeyedOperatorContext<string> context) => _amount = context.GetState(Amount);

        public override void ProcessFirst(Price value, KeyedElementContext<string> context, Emitter<string> output)
        {
            _amount.Set(value.Amount);
            context.Timers.RegisterEventTime(new(100));
        }

        public override void ProcessSecond(string value, KeyedElementContext<string> context, Emitter<string> output) =>
            output.Emit($"{context.Key} costs {_amount.GetOrDefault()}");

        public override void OnTimer(StateTimer timer, KeyedElementContext<string> context, Emitter<string> output) =>
            output.Emit($"{context.Key} fires at {timer.Time}");
    }

    private sealed class LengthSerializer : StateSerializer<long>
    {
        public override StateHandles.SerializerIdentity Identity { get; } = new("test.length", 1);

        public override bool IsCanonical => true;

        public override void Write(long value, System.Buffers.IBufferWriter<byte> target) => Int64.Write(value, target);

        public override long Read(ReadOnlySpan<byte> source) => Int64.Read(source);
    }
}
