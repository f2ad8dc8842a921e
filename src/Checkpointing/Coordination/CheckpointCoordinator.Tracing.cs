using System.Diagnostics;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.Diagnostics;
using Checkpointing.Statistics;

namespace Checkpointing.Coordination;

/// <content>Spans of checkpoints and restores. Nothing of it runs, or is kept, while nobody listens.</content>
public sealed partial class CheckpointCoordinator
{
    private const int MaxSubsuming = 1_000;

    // Under the coordinator's lock, as the two below.
    private readonly Dictionary<CheckpointId, CheckpointTrace> _traces = [];
    private readonly Dictionary<string, string> _subsumedBy = [];
    private string? _lastCompletedSpan;
    private bool _isAskedFor;
    private Activity? _restoreSpan;

    /// <summary>Begins a checkpoint's span and gives its context to the subtasks.</summary>
    private CoordinatorEffect.SendTriggers BeginSpanNeedsLock(CoordinatorEffect.SendTriggers send)
    {
        // Asked for by somebody whose own span it then belongs to; or by a timer, or by the end of another.
        var parent = _isAskedFor ? Activity.Current?.Context ?? default : default;
        if (send.Messages is not [{ Request: var request }, ..]
            || CheckpointingSpans.StartDetached(CheckpointingSpans.Checkpoint, parent) is not { } span)
        {
            return send;
        }

        span.SetTag(CheckpointingMetrics.JobTag, _topology.Job.Name);
        span.SetTag(CheckpointingSpans.CheckpointTag, send.Id.Value);
        span.SetTag(CheckpointingMetrics.KindTag, CheckpointingInstruments.NameOf(request.Kind));
        _traces[send.Id] = new(span);
        return send with
        {
            Messages = [.. send.Messages.Select(
                message => message with { Request = message.Request with { TraceParent = span.Id } })],
        };
    }

    private void BeginPublishingNeedsLock(CheckpointId id)
    {
        if (_traces.TryGetValue(id, out var trace))
        {
            trace.Publish = CheckpointingSpans.StartDetachedBelow(CheckpointingSpans.Publish, trace.Checkpoint.Id);
        }
    }

    private void TraceNeedsLock(StatisticsEvent happened, CheckpointReport? ended)
    {
        if (happened is StatisticsEvent.Discarded discarded && _lastCompletedSpan is not null
            && CheckpointingSpans.Source.HasListeners() && _subsumedBy.Count < MaxSubsuming)
        {
            _subsumedBy[discarded.Path] = _lastCompletedSpan;
        }

        if (happened is StatisticsEvent.Acknowledged acknowledged && _traces.TryGetValue(acknowledged.Id, out var trace)
            && CheckpointingSpans.StartDetachedBelow(CheckpointingSpans.Acknowledge, trace.Checkpoint.Id) is { } span)
        {
            span.SetTag(CheckpointingMetrics.OperatorTag, acknowledged.Operator);
            span.SetTag(CheckpointingSpans.SubtaskTag, acknowledged.Index);
            span.SetTag(CheckpointingSpans.SizeTag, acknowledged.Cost.NewBytes);
            span.End();
        }

        if (ended is not null && _traces.Remove(ended.Id, out trace))
        {
            EndTraceNeedsLock(trace, ended);
        }
    }

    private void EndTraceNeedsLock(CheckpointTrace trace, CheckpointReport ended)
    {
        var checkpoint = trace.Checkpoint;
        trace.Publish?.End(ended.FailureDetail);
        checkpoint.SetTag(CheckpointingMetrics.OutcomeTag, CheckpointingInstruments.OutcomeOf(ended));
        checkpoint.SetTag(CheckpointingSpans.SizeTag, ended.Cost.NewBytes);
        if (ended.FailureReason is { } reason)
        {
            checkpoint.SetTag(CheckpointingMetrics.ReasonTag, reason.ToString());
        }
        else
        {
            _lastCompletedSpan = checkpoint.Id;
        }

        checkpoint.End(ended.FailureDetail);
    }

    /// <summary>One step of publishing a checkpoint.</summary>
    private SpanScope BeginStep(string name, CheckpointId? id)
    {
        if (id is null || !CheckpointingSpans.Source.HasListeners())
        {
            return default;
        }

        lock (_lock)
        {
            return new(CheckpointingSpans.StartDetachedBelow(
                name, _traces.GetValueOrDefault(id.Value)?.Publish?.Id));
        }
    }

    private SpanScope BeginSubsuming(CompletedCheckpoint checkpoint)
    {
        string? parent;
        lock (_lock)
        {
            _subsumedBy.Remove(checkpoint.Path, out parent);
        }

        var span = CheckpointingSpans.StartDetachedBelow(CheckpointingSpans.Subsume, parent);
        span?.SetTag(CheckpointingSpans.CheckpointTag, checkpoint.Id.Value);
        span?.SetTag(CheckpointingSpans.PathTag, checkpoint.Path);
        return new(span);
    }

    private void BeginRestoreSpan()
    {
        _restoreSpan?.End("it was not finished");
        _restoreSpan = CheckpointingSpans.StartDetached(
            CheckpointingSpans.Restore, Activity.Current?.Context ?? default);
        _restoreSpan?.SetTag(CheckpointingMetrics.JobTag, _topology.Job.Name);
    }

    private SpanScope BeginRecovering() =>
        new(CheckpointingSpans.StartDetachedBelow(CheckpointingSpans.Recover, _restoreSpan?.Id));

    private void EndRestoreSpan(CompletedCheckpoint? restored)
    {
        if (restored is not null)
        {
            _restoreSpan?.SetTag(CheckpointingSpans.CheckpointTag, restored.Id.Value);
            _restoreSpan?.SetTag(CheckpointingSpans.PathTag, restored.Path);
        }

        _restoreSpan?.End();
        _restoreSpan = null;
    }

    /// <summary>Spans of one checkpoint that have begun.</summary>
    private sealed class CheckpointTrace(Activity checkpoint)
    {
        public Activity Checkpoint { get; } = checkpoint;

        public Activity? Publish { get; set; }
    }

    /// <summary>Ends a span, if there is one, at the end of a scope.</summary>
    private readonly struct SpanScope(Activity? span) : IDisposable
    {
        public void Dispose() => span?.End();
    }
}
