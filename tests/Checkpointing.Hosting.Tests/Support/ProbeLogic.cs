using Checkpointing.Hosting.Runtime;
using Checkpointing.State;

namespace Checkpointing.Hosting.Tests.Support;

/// <summary>A subtask that writes down what it is asked to do and passes texts on.</summary>
internal sealed class ProbeLogic(Collector<string>? output = null) : SubtaskLogic
{
    public List<string> Calls { get; } = [];

    /// <summary>How often a watermark needs another call.</summary>
    public int TimerRounds { get; set; }

    public CheckpointingException? SnapshotFailure { get; set; }

    public Timestamp Restored { get; set; } = Timestamp.MinValue;

    public Timestamp? NextTimer { get; set; }

    public override Timestamp RestoredWatermark => Restored;

    public override Timestamp? NextProcessingTime => NextTimer;

    public override ValueTask OpenAsync(SubtaskContext context, CancellationToken cancellationToken) =>
        ValueTask.CompletedTask;

    public override void Process(StreamElement batch, int input)
    {
        foreach (var value in ((RecordBatch<string>)batch).Values)
        {
            Calls.Add(value);
            output?.Collect(value, Timestamp.MinValue);
        }
    }

    public override bool TryAdvanceTo(Timestamp watermark)
    {
        Calls.Add($"watermark {watermark}");
        return TimerRounds-- <= 0;
    }

    public override bool TryAdvanceProcessingTimeTo(Timestamp now)
    {
        Calls.Add($"time {now}");
        return TimerRounds-- <= 0;
    }

    public override void BeforeBarrier(CheckpointId checkpoint)
    {
        Calls.Add($"before {checkpoint}");
        output?.Collect($"part of {checkpoint}", Timestamp.MinValue);
    }

    public override ISnapshotPlan PrepareSnapshot(SnapshotRequest request)
    {
        Calls.Add($"snapshot {request.CheckpointId}");
        return SnapshotFailure is null ? new EmptyPlan(request.CheckpointId) : throw SnapshotFailure;
    }

    public override void NotifyCompleted(CheckpointId checkpoint) => Calls.Add($"completed {checkpoint}");

    public override void NotifyAborted(CheckpointId checkpoint) => Calls.Add($"aborted {checkpoint}");

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed class EmptyPlan(CheckpointId id) : ISnapshotPlan
    {
        public CheckpointId CheckpointId => id;

        public ValueTask<SubtaskSnapshot> WriteAsync(CancellationToken cancellationToken) =>
            ValueTask.FromResult(SubtaskSnapshot.Empty);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
