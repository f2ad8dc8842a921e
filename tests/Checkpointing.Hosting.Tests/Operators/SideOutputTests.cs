using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Sinks;
using Checkpointing.Hosting.Tests.Support;

namespace Checkpointing.Hosting.Tests.Operators;

public sealed class SideOutputTests
{
    private static readonly OutputTag<string> Odd = new("odd");

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Emit_ToATag_GoesToAllStreamsOfIt(int parallelism)
    {
        var (main, first, second) =
            (new InMemorySink<int>(), new InMemorySink<string>(), new InMemorySink<int>());
        var job = new StreamJobBuilder("job");
        var split = job.AddSource("numbers", new ListSource<int>([.. Enumerable.Range(0, 100)]))
            .KeyBy(static number => number).Process("split", static () => new Split());
        split.AddSink("main", main);
        split.SideOutput(Odd).AddSink("first", first);
        split.SideOutput(new OutputTag<string>("odd")).Map(static text => text.Length).AddSink("second", second);
        await using var pump = await LocalPump.OpenAsync(job.Build(), parallelism, seed: 1, batchSize: 7);

        pump.RunToEnd();

        main.Items.Order().Should().Equal(Enumerable.Range(0, 50).Select(static i => 2 * i));
        first.Items.Order().Should().Equal(
            Enumerable.Range(0, 50).Select(static i => $"odd {(2 * i) + 1}").Order());
        second.Items.Should().HaveCount(50);
    }

    [Fact]
    public async Task Emit_ToATagThatNobodyReads_GoesNowhere()
    {
        var main = new InMemorySink<int>();
        var job = new StreamJobBuilder("job");
        job.AddSource("numbers", new ListSource<int>([1, 2, 3, 4])).Process("split", static () => new SplitUnkeyed())
            .AddSink("main", main);
        await using var pump = await LocalPump.OpenAsync(job.Build(), parallelism: 1, seed: 1, batchSize: 7);

        pump.RunToEnd();

        main.Items.Should().Equal(2, 4);
    }

    [Fact]
    public void SideOutput_SameNameAndAnotherType_IsRefused()
    {
        var split = new StreamJobBuilder("job").AddSource("numbers", new ListSource<int>([1]))
            .Process("split", static () => new SplitUnkeyed());
        split.SideOutput(Odd);

        ((Action)(() => split.SideOutput(new OutputTag<int>("odd")))).Should().Throw<ArgumentException>()
            .WithMessage("*'split'*'odd'*another type*");
    }

    private sealed class Split : KeyedOperator<int, int, int>
    {
        public override bool UsesTimers => false;

        public override void Process(int value, KeyedElementContext<int> context, Emitter<int> output)
        {
            if (value % 2 == 0)
            {
                output.Emit(value);
            }
            else
            {
                output.Emit(Odd, $"odd {value}");
            }
        }
    }

    private sealed class SplitUnkeyed : StreamOperator<int, int>
    {
        public override void Process(int value, ElementContext context, Emitter<int> output)
        {
            if (value % 2 == 0)
            {
                output.Emit(value);
            }
            else
            {
                output.Emit(Odd, "nobody reads it");
            }
        }
    }
}
