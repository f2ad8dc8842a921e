using Checkpointing.Coordination;
using Checkpointing.Hosting.Runtime;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.State;

namespace Checkpointing.Hosting.Tests.Runtime;

/// <summary>What a source does when the job is stopped with a savepoint.</summary>
public sealed class SourceRuntimeTests : IAsyncDisposable
{
    private readonly Outbox _outbox = new();
    private readonly CountingLogic _logic;
    private readonly SourceRuntime _runtime;

    public SourceRuntimeTests()
    {
        var port = new OutputPort<int>([new(1, 0)], null, _outbox, batchSize: 4);
        _logic = new(port.AsCollector());
        _runtime = new(new("job", 1, 0, "source", 0), _logic, [port.AsPort()], _outbox);
    }

    public ValueTask DisposeAsync() => _logic.DisposeAsync();

    [Fact]
    public void Trigger_ToSuspend_ReadsNothingBehindTheBarrierUntilItIsAborted()
    {
        _runtime.Step();
        _runtime.Deliver(Trigger(5, StopMode.Suspend));

        _runtime.Step().Should().Be(SourceStep.Held);
        _runtime.Deliver(new CheckpointAborted(_runtime.Address, new(4), CheckpointFailureReason.Expired));
        _runtime.Step().Should().Be(SourceStep.Held, "another one was aborted");
        Sent().Should().Equal("1", "barrier 5");

        _runtime.Deliver(new CheckpointAborted(_runtime.Address, new(5), CheckpointFailureReason.Expired));
        _runtime.Step().Should().Be(SourceStep.Progressed);
        _runtime.FlushOutputs();
        Sent().Should().Equal("1", "barrier 5", "2");
    }

    [Fact]
    public void Trigger_Suspended_StaysHeldWhenTheSavepointHasCompletedAndAnswersOtherTriggers()
    {
        _runtime.Deliver(Trigger(5, StopMode.Suspend));
        _runtime.Deliver(new CheckpointCompleted(_runtime.Address, new(5)));
        _runtime.Deliver(Trigger(6, null));

        _runtime.Step().Should().Be(SourceStep.Held);
        Sent().Should().Equal("barrier 5", "barrier 6");
        _outbox.Declines.Should().BeEmpty();
    }

    [Fact]
    public void Trigger_ToDrain_EndsEventTimeBeforeTheBarrierAndDeclinesLaterCheckpoints()
    {
        _runtime.Step();
        _runtime.Deliver(Trigger(5, StopMode.Drain));
        _runtime.Deliver(Trigger(6, null));

        _runtime.Step().Should().Be(SourceStep.Ended);
        Sent().Should().Equal("1", $"watermark {Timestamp.MaxValue}", "end", "barrier 5");
        _outbox.Snapshots.Should().ContainSingle();
        var declined = _outbox.Declines.Should().ContainSingle().Subject;
        declined.Checkpoint.Should().Be(new CheckpointId(6));
        declined.Cause.Should().BeOfType<CheckpointDeclinedException>().Which.Reason.Should()
            .Be(CheckpointFailureReason.JobStopping, "it would hold windows that fired before their time");
    }

    [Fact]
    public void Trigger_ToSuspendButAbortedBefore_DoesNotStop()
    {
        _runtime.Deliver(new CheckpointAborted(_runtime.Address, new(5), CheckpointFailureReason.Expired));
        _runtime.Deliver(Trigger(5, StopMode.Suspend));

        _runtime.Step().Should().Be(SourceStep.Progressed);
    }

    private TriggerCheckpoint Trigger(long id, StopMode? stop) => new(
        _runtime.Address,
        new()
        {
            CheckpointId = new(id),
            Kind = stop is null ? CheckpointKind.Checkpoint : CheckpointKind.Savepoint,
            Stop = stop,
            Base = null,
            Job = "job",
            Epoch = 1,
            Attempt = 0,
            ExclusiveFolder = $"job/chk-{id}",
        },
        default);

    private List<string> Sent() => _outbox.Elements.ConvertAll(static sent => sent.Element switch
    {
        RecordBatch<int> batch => string.Join(',', batch.Values.ToArray()),
        WatermarkElement watermark => $"watermark {watermark.Time}",
        BarrierElement barrier => $"barrier {barrier.Request.CheckpointId}",
        EndOfInputElement => "end",
        _ => "?",
    });

    /// <summary>Reads 1, 2, 3 and so on, one a step.</summary>
    private sealed class CountingLogic(Collector<int> output) : SourceLogic
    {
        private readonly ProbeLogic _probe = new();
        private int _next;

        public override Timestamp Watermark => Timestamp.MinValue;

        public override SourceStep Step()
        {
            output.Collect(++_next, Timestamp.MinValue);
            return SourceStep.Progressed;
        }

        public override ValueTask<bool> WaitForMoreAsync(CancellationToken cancellationToken) =>
            ValueTask.FromResult(true);

        public override ValueTask OpenAsync(SubtaskContext context, CancellationToken cancellationToken) =>
            _probe.OpenAsync(context, cancellationToken);

        public override ISnapshotPlan PrepareSnapshot(SnapshotRequest request) => _probe.PrepareSnapshot(request);

        public override void NotifyCompleted(CheckpointId checkpoint) => _probe.NotifyCompleted(checkpoint);

        public override void NotifyAborted(CheckpointId checkpoint) => _probe.NotifyAborted(checkpoint);

        public override ValueTask DisposeAsync() => _probe.DisposeAsync();
    }
}
