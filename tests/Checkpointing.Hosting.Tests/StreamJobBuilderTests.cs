using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.KeyGroups;
using Checkpointing.State;

namespace Checkpointing.Hosting.Tests;

public sealed class StreamJobBuilderTests
{
    [Fact]
    public void Build_TwoOperatorsOfOneName_NamesIt()
    {
        var job = new StreamJobBuilder("job");
        var byValue = job.AddSource("numbers", new ListSource<int>([1])).KeyBy(static value => value);
        byValue.Process("same", static () => new PassOn());
        byValue.Process("same", static () => new PassOn());

        ((Action)(() => job.Build())).Should().Throw<ArgumentException>().WithMessage("*two operators named 'same'*");
    }

    [Fact]
    public void Build_CommitterNameTaken_NamesIt()
    {
        var job = new StreamJobBuilder("job");
        var numbers = job.AddSource("numbers", new ListSource<string>(["1"]));
        numbers.AddSink("out", new Hosting.Sinks.TwoPhaseFileSink<string>("x", static row => row));
        numbers.AddSink("out-committer", new CollectingSink<string>());

        ((Action)(() => job.Build())).Should().Throw<ArgumentException>().WithMessage("*'out-committer'*");
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    public void Build_MalformedName_IsRefused(string name)
    {
        var job = new StreamJobBuilder("job");
        job.AddSource(name, new ListSource<int>([1]));

        ((Action)(() => job.Build())).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Build_NoSource_IsRefused() =>
        ((Action)(() => new StreamJobBuilder("job").Build())).Should().Throw<InvalidOperationException>();

    [Fact]
    public void KeyBy_KeyWithoutCanonicalSerializer_IsRefused()
    {
        var numbers = new StreamJobBuilder("job").AddSource("numbers", new ListSource<double>([1]));

        ((Action)(() => numbers.KeyBy(static value => value))).Should().Throw<ArgumentException>()
            .WithMessage("*not canonical*");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    public async Task KeyBy_EveryKey_GoesToTheSubtaskThatOwnsItsKeyGroup(int parallelism)
    {
        const int maxParallelism = 16;
        var sink = new CollectingSink<int>();
        var builder = new StreamJobBuilder("job", maxParallelism);
        builder.AddSource("numbers", new ListSource<int>([.. Enumerable.Range(0, 1_000)]))
            .Map(static value => value * 3).Filter(static value => value % 2 == 0)
            .KeyBy(static value => value).Process("pass", static () => new PassOn()).AddSink("collect", sink);
        await using var pump = await LocalPump.OpenAsync(builder.Build(), parallelism, seed: 1, batchSize: 8);

        pump.RunToEnd();

        sink.Items.Should().HaveCount(500);
        foreach (var (subtask, value, _) in sink.Items)
        {
            var bytes = new System.Buffers.ArrayBufferWriter<byte>();
            StateSerializer.Int32.Write(value, bytes);
            KeyGroupAssignment.RangeOf(subtask, parallelism, maxParallelism)
                .Contains(KeyGroupAssignment.KeyGroupOf(bytes.WrittenSpan, maxParallelism)).Should().BeTrue();
        }
    }

    private sealed class PassOn : KeyedOperator<int, int, int>
    {
        public override bool UsesTimers => false;

        public override void Process(int value, KeyedElementContext<int> context, Emitter<int> output) =>
            output.Emit(value);
    }
}
