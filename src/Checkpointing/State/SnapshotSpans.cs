using System.Diagnostics;
using Checkpointing.Diagnostics;

namespace Checkpointing.State;

/// <summary>Spans of one subtask's snapshot; there are none unless the trigger carries a trace context.</summary>
internal sealed class SnapshotSpans : IDisposable
{
    private readonly Activity _snapshot;
    private readonly Activity? _synchronous;
    private Activity? _asynchronous;
    private bool _isEnded;

    private SnapshotSpans(Activity snapshot)
    {
        _snapshot = snapshot;
        _synchronous = CheckpointingSpans.StartDetached(CheckpointingSpans.Synchronous, snapshot.Context);
    }

    /// <summary>The snapshot and its synchronous part begin.</summary>
    /// <returns>Null if nobody traces.</returns>
    public static SnapshotSpans? Start(SubtaskStateContext context, SnapshotRequest request)
    {
        if (CheckpointingSpans.StartDetachedBelow(CheckpointingSpans.Snapshot, request.TraceParent) is not { } span)
        {
            return null;
        }

        SetTags(span, context);
        span.SetTag(CheckpointingSpans.CheckpointTag, request.CheckpointId.Value);
        return new(span);
    }

    /// <summary>The state of a subtask is about to be opened. The span becomes the current one.</summary>
    /// <returns>Null if nobody traces.</returns>
    public static Activity? StartOpening(SubtaskStateContext context)
    {
        var span = CheckpointingSpans.StartBelow(CheckpointingSpans.Subtask, context.Restore.TraceParent);
        if (span is not null)
        {
            SetTags(span, context);
            span.SetTag(CheckpointingSpans.CheckpointTag, context.Restore.Checkpoint.Value);
            span.CountTransfers();
        }

        return span;
    }

    public void EndSynchronous() => _synchronous?.End();

    /// <summary>The rest begins. The span becomes the current one.</summary>
    public Activity? StartAsynchronous()
    {
        _asynchronous = CheckpointingSpans.StartBelow(CheckpointingSpans.Asynchronous, _snapshot.Id);
        _asynchronous?.CountTransfers();
        return _asynchronous;
    }

    /// <summary>All is written.</summary>
    public void End(SubtaskSnapshot written)
    {
        _snapshot.SetTag(CheckpointingSpans.SizeTag, written.Cost.NewBytes);
        _asynchronous?.End();
        EndSnapshot(null);
    }

    public void Fail(Exception cause)
    {
        _synchronous?.End();
        _asynchronous?.End(cause.Message);
        EndSnapshot(cause.Message);
    }

    /// <summary>Nothing more comes: a snapshot that was not written has failed.</summary>
    public void Dispose() => EndSnapshot("it was not written");

    private static void SetTags(Activity span, SubtaskStateContext context)
    {
        span.SetTag(CheckpointingMetrics.JobTag, context.Job.Name);
        span.SetTag(CheckpointingMetrics.OperatorTag, context.Operator);
        span.SetTag(CheckpointingSpans.SubtaskTag, context.SubtaskIndex);
    }

    private void EndSnapshot(string? failure)
    {
        if (!_isEnded)
        {
            _isEnded = true;
            _snapshot.End(failure);
        }
    }
}
