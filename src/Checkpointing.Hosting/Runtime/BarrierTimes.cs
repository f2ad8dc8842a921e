using Checkpointing.State;

namespace Checkpointing.Hosting.Runtime;

/// <summary>When the barriers of a checkpoint came to a subtask with inputs.</summary>
internal sealed class BarrierTimes
{
    private CheckpointId _checkpoint;
    private TimeSpan _startDelay;
    private long _firstCameAt;

    /// <summary>A barrier came; only the first of a checkpoint counts.</summary>
    public void Add(SnapshotRequest request, TimeProvider time)
    {
        if (request.CheckpointId == _checkpoint)
        {
            return;
        }

        var delay = request.TriggeredAt == default ? default : time.GetUtcNow() - request.TriggeredAt;
        _startDelay = delay > TimeSpan.Zero ? delay : TimeSpan.Zero;
        (_checkpoint, _firstCameAt) = (request.CheckpointId, time.GetTimestamp());
    }

    /// <summary>The request as this subtask's snapshot gets it: with its times, if barriers brought it.</summary>
    public SnapshotRequest AddTo(SnapshotRequest request, TimeProvider time) => request.CheckpointId == _checkpoint
        ? request with { StartDelay = _startDelay, Alignment = time.GetElapsedTime(_firstCameAt) }
        : request;
}
