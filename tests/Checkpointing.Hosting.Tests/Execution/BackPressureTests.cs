using Checkpointing.Hosting.Sinks;
using Checkpointing.Hosting.Sources;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.State;

namespace Checkpointing.Hosting.Tests.Execution;

/// <summary>A slow sink holds the source back: what is under way is bounded by the channels, however long it
/// lasts.</summary>
public sealed class BackPressureTests
{
    private const int RecordsPerBatch = 4;
    private const int BatchesPerChannel = 2;
    private const int RecordsPerSourceStep = 256;

    // A step of the source; then for each of two hops a full channel, one batch that waits to get in, one that is being
    // filled, and one that is being handled.
    private const int MostUnderWay = RecordsPerSourceStep + (2 * RecordsPerBatch * (BatchesPerChannel + 3));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Write_SlowSink_BoundsHowFarTheSourceIsAhead(int parallelism)
    {
        await using var fixture = new JobFixture(
            new() { RecordsPerBatch = RecordsPerBatch, BatchesPerChannel = BatchesPerChannel });
        var written = 0L;
        var started = new TaskCompletionSource<RunningJob>(TaskCreationOptions.RunContinuationsAsynchronously);
        var farthest = 0L;
        var reachedChannels = 0;
        var sink = new CallbackSink<long>(_ =>
        {
            var run = started.Task.GetAwaiter().GetResult();
            var count = Interlocked.Increment(ref written);
            if (count % 200 == 1 && SpinWait.SpinUntil(
                () => run.ElementsRead - count >= RecordsPerBatch * BatchesPerChannel, TimeSpan.FromSeconds(20)))
            {
                Interlocked.Increment(ref reachedChannels);
            }

            InterlockedMax(ref farthest, run.ElementsRead - Interlocked.Read(ref written));
        });
        var job = new StreamJobBuilder("job");
        job.AddSource("numbers", new GeneratorSource<long>(static number => number) { Count = 6_000 })
            .KeyBy(static number => number % 100).Reduce("newest", static (_, number) => number).AddSink("slow", sink);

        await using var run = await fixture.Host.StartAsync(
            job.Build(), new() { Parallelism = parallelism }, fixture.Deadline);
        started.SetResult(run);
        await run.Completion.WaitAsync(fixture.Deadline);

        written.Should().Be(6_000);
        reachedChannels.Should().BeGreaterThan(20, "else the source never was ahead");
        farthest.Should().BeLessThanOrEqualTo(parallelism * parallelism * MostUnderWay);
    }

    private static void InterlockedMax(ref long target, long value)
    {
        for (var now = Interlocked.Read(ref target); value > now;)
        {
            var found = Interlocked.CompareExchange(ref target, value, now);
            now = found == now ? value : found;
        }
    }

    private sealed class CallbackSink<T>(Action<T> onRecord) : ISink<T>
    {
        public SinkWriter<T> CreateWriter() => new Writer(onRecord);

        private sealed class Writer(Action<T> onRecord) : SinkWriter<T>
        {
            public override void Write(T value, Timestamp time) => onRecord(value);
        }
    }
}
