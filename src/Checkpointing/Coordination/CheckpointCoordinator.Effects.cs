using Checkpointing.CompletedCheckpoints;
using Checkpointing.Diagnostics;
using Checkpointing.Metadata;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.Coordination;

/// <content>Carries effects out: the only awaiting code of the coordinator's running life.</content>
public sealed partial class CheckpointCoordinator
{
    // Under the lock only so that effects enter their lanes in the order in which they were decided.
    private void CarryOutNeedsLock(CoordinatorEffect effect)
    {
        switch (effect)
        {
            case CoordinatorEffect.SendTriggers send:
                var traced = BeginSpanNeedsLock(send);
                _sendLane.Add(() => SendTriggersAsync(traced));
                break;
            case CoordinatorEffect.CallHooks call:
                _hookLane.Add(() => CallHooksAsync(call));
                break;
            case CoordinatorEffect.SendCompleted send:
                _sendLane.Add(() => SendCompletedAsync(send));
                break;
            case CoordinatorEffect.SendAborted send:
                _sendLane.Add(() => SendAbortedAsync(send));
                break;
            case CoordinatorEffect.WriteMetadata write:
                BeginPublishingNeedsLock(write.Id);
                _metadataLane.Add(() => WriteMetadataAsync(write));
                break;
            case CoordinatorEffect.ReplaceRegister replace:
                _registerLane.Add(() => ReplaceRegisterAsync(replace));
                break;
            case CoordinatorEffect.CheckPins check:
                _pinLane.Add(() => CheckPinsAsync(check));
                break;
            case CoordinatorEffect.RemovePins remove:
                _cleaner.Schedule(remove.Paths);
                break;
            case CoordinatorEffect.Delete delete:
                _logger.DeletionScheduled(delete.Paths.Count, delete.Paths[0], delete.Why);
                _cleaner.Schedule(delete.Paths);
                break;
            case CoordinatorEffect.SetTimer set:
                SetTimerNeedsLock(set.At);
                break;
            case CoordinatorEffect.Fail fail:
                _archive.Stop();
                OnFailed(fail.Cause);
                break;
            case CoordinatorEffect.Report report:
                OnHappened(report.Happened);
                break;
            case CoordinatorEffect.Log log:
                log.Write(_logger);
                break;
        }
    }

    private void SetTimerNeedsLock(DateTimeOffset? at)
    {
        if (at == _timerAt || _isDisposed)
        {
            return;
        }

        _timerAt = at;
        _timer.Change(
            at is null ? Timeout.InfiniteTimeSpan : WholeMilliseconds(at.Value - _time.GetUtcNow()),
            Timeout.InfiniteTimeSpan);
    }

    // Timers drop what is below a millisecond, and would fire too early.
    private static TimeSpan WholeMilliseconds(TimeSpan wait) =>
        wait <= TimeSpan.Zero ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds));

    private async Task SendTriggersAsync(CoordinatorEffect.SendTriggers send)
    {
        using var span = new SpanScope(CheckpointingSpans.StartDetachedBelow(
            CheckpointingSpans.Trigger, send.Messages.Count == 0 ? null : send.Messages[0].Request.TraceParent));
        try
        {
            foreach (var message in send.Messages)
            {
                await _gateway.TriggerAsync(message, CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (CheckpointingException e)
        {
            Dispatch(new CoordinatorEvent.DeliveryFailed(send.Id, e));
        }
    }

    private async Task SendCompletedAsync(CoordinatorEffect.SendCompleted send)
    {
        foreach (var message in send.Messages)
        {
            try
            {
                await _gateway.NotifyCompletedAsync(message, CancellationToken.None).ConfigureAwait(false);
            }
            catch (CheckpointingException)
            {
                // A lost notice stalls nothing: the next trigger names the base, and sinks commit with the next one.
                _logger.StaleMessageDropped(
                    message.Target, message.CheckpointId.Value, "a notice of completion was not delivered");
            }
        }

        foreach (var reply in send.Replies)
        {
            reply.TrySetResult(send.Checkpoint);
        }
    }

    private async Task SendAbortedAsync(CoordinatorEffect.SendAborted send)
    {
        foreach (var message in send.Messages)
        {
            try
            {
                await _gateway.NotifyAbortedAsync(message, CancellationToken.None).ConfigureAwait(false);
            }
            catch (CheckpointingException)
            {
                _logger.StaleMessageDropped(
                    message.Target, message.CheckpointId.Value, "a notice of abortion was not delivered");
            }
        }

        foreach (var reply in send.Replies)
        {
            reply.TrySetException(send.Cause);

            // Nobody may be waiting any more; that is no unobserved exception.
            _ = reply.Task.Exception;
        }
    }

    /// <summary>Files are durable, their folders not yet: folders first, then the metadata that names them, then its
    /// folder.</summary>
    private async Task WriteMetadataAsync(CoordinatorEffect.WriteMetadata write)
    {
        using var span = BeginStep(CheckpointingSpans.Metadata, write.Id);
        try
        {
            var folders = CheckpointReference.AllFiles(write.Completed)
                .Where(file => CheckpointLayout.TryGetEpoch(file, out var epoch) && epoch == write.Metadata.Info!.Epoch)
                .Select(StoragePath.FolderOf).Append(write.Folder).ToHashSet();
            await _storage.SyncFoldersAsync(folders, CancellationToken.None).ConfigureAwait(false);
            var bytes = CheckpointMetadataSerializer.Write(write.Metadata, MetadataFormat.NativeV1);
            var digest = await _storage.WriteAllAsync(write.Completed.MetadataPath, bytes, CancellationToken.None)
                .ConfigureAwait(false);
            var retained = new RetainedCheckpoint(
                write.Id, write.Folder, write.Completed.Properties.Kind, bytes.Length, digest)
            {
                TriggeredAt = write.Metadata.Info!.TriggeredAt,
            };
            Dispatch(new CoordinatorEvent.MetadataWritten(write.Id, retained, write.Completed));
        }
        catch (CheckpointingException e)
        {
            Dispatch(new CoordinatorEvent.MetadataFailed(write.Id, e));
        }
    }

    private async Task ReplaceRegisterAsync(CoordinatorEffect.ReplaceRegister replace)
    {
        using var span = BeginStep(
            CheckpointingSpans.Register, replace.Change is RegisterChange.Add add ? add.Pending.Id : null);
        try
        {
            var record = await _store.ReplaceAsync(replace.Record, CancellationToken.None).ConfigureAwait(false);
            Dispatch(new CoordinatorEvent.RegisterReplaced(replace.Change, record));
        }
        catch (CheckpointingException e)
        {
            Dispatch(new CoordinatorEvent.RegisterFailed(replace.Change, e));
        }
    }

    private async Task CheckPinsAsync(CoordinatorEffect.CheckPins check)
    {
        using var span = BeginSubsuming(check.Checkpoint);
        bool isPinned;
        try
        {
            isPinned = await CheckpointPins
                .IsPinnedAsync(_storage, _store.Register, check.Checkpoint.Path, CancellationToken.None)
                    .ConfigureAwait(false);
        }
        catch (CheckpointingException)
        {
            // Not known: looked at again later.
            isPinned = true;
        }

        Dispatch(new CoordinatorEvent.PinsChecked(check.Checkpoint, check.EndedCount, isPinned));
    }
}
