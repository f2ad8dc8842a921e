using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Sources;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.RocksDb;
using Checkpointing.State;

namespace Checkpointing.Hosting.Tests.Execution;

public sealed class RestoreVerificationTests
{
    private const int OrderCount = 20_000;

    [Fact]
    public async Task RestoredFileFoundDamagedBehindTheRunningJob_FailsTheJobAndNamesTheFile()
    {
        await using var fixture = new JobFixture();
        await using var host = new InProcessHostBuilder(fixture.Storage).WithBackend(new RocksDbBackendFactory(new()
        {
            WorkingDirectory = fixture.File("work"),
            Verification = RestoreVerification.Background,
        })).Build();
        var source = new ListSource<Order>(Orders.Generate(OrderCount, seed: 1, customers: 15_000))
            .PausingAfter(OrderCount / 2);
        string path;
        await using (var first = await host.StartAsync(Define(source), Options(null), fixture.Deadline))
        {
            await first.WaitForSourceIdleAsync(fixture.Deadline);
            path = (await first.TriggerCheckpointAsync(fixture.Deadline)).Path;
            await first.CancelAsync(fixture.Deadline);
        }

        // In the middle of a large file: RocksDB does not look there before somebody asks for a row.
        var damaged = (await fixture.StoredFilesAsync())
            .Single(file => file.Contains("/shared/", StringComparison.Ordinal));
        FlipInTheMiddle(Path.Combine(fixture.Storage.Root, damaged));
        await using var second = await host.StartAsync(Define(source), Options(path), fixture.Deadline);

        var run = () => second.Completion.WaitAsync(fixture.Deadline);

        var failure = (await run.Should().ThrowAsync<JobFailedException>()).Which;
        failure.Operator.Should().Be("counts");
        failure.InnerException.Should().BeOfType<CheckpointCorruptException>().Which.Path.Should().Be(damaged);
        failure.Message.Should().Contain(damaged);
        second.LatestCheckpoint?.Path.Should().NotStartWith("second", "no checkpoint is made of such state");
    }

    private static StartOptions Options(string? resumeFrom) => new()
    {
        Name = resumeFrom is null ? "first" : "second",
        ResumeFrom = resumeFrom,
        Retention = CheckpointRetention.OnCancellation,
    };

    private static StreamJob Define(ISource<Order> source)
    {
        var job = new StreamJobBuilder("orders", 64);
        job.AddSource("orders", source)
            .KeyBy(static order => order.Customer)
            .Process("counts", static () => new CountOperator())
            .AddSink("nowhere", new CollectingSink<long>());
        return job.Build();
    }

    private static void FlipInTheMiddle(string full)
    {
        File.SetAttributes(full, FileAttributes.Normal);
        using var stream = new FileStream(full, FileMode.Open, FileAccess.ReadWrite);
        stream.Length.Should().BeGreaterThan(64 << 10);
        stream.Position = stream.Length / 2;
        var value = stream.ReadByte();
        stream.Position--;
        stream.WriteByte((byte)(value ^ 1));
    }

    private sealed class CountOperator : KeyedOperator<string, Order, long>
    {
        private static readonly ValueStateDescriptor<Guid> Last = new("last");

        private ValueState<Guid> _last = null!;

        public override IReadOnlyList<StateDescriptor> States => [Last];

        public override bool UsesTimers => false;

        public override void Open(KeyedOperatorContext<string> context) => _last = context.GetState(Last);

        public override void Process(Order value, KeyedElementContext<string> context, Emitter<long> output) =>
            _last.Set(Guid.NewGuid());
    }
}
