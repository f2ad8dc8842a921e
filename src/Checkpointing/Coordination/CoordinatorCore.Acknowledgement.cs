using Checkpointing.CompletedCheckpoints;
using Checkpointing.Metadata;
using Checkpointing.SharedState;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Statistics;
using Checkpointing.Storage;

namespace Checkpointing.Coordination;

/// <content>What subtasks report, in time, late and in vain.</content>
internal sealed partial class CoordinatorCore
{
    private void OnAcknowledged(AcknowledgeCheckpoint message)
    {
        if (!IsOfThisAttempt(message.Source))
        {
            DiscardStale(message);
            return;
        }

        var isPending = _pending.TryGetValue(message.CheckpointId, out var pending);
        if (!isPending && !_unsettled.ContainsKey(message.CheckpointId))
        {
            KeepLate(message);
            return;
        }

        if (pending?.Missing.Contains(message.Source) != true)
        {
            Log(log => log.StaleMessageDropped(message.Source, message.CheckpointId.Value, "a second acknowledgement"));
            return;
        }

        try
        {
            pending.Snapshots[message.Source] = RegisterShared(pending, message);
        }
        catch (UnknownSharedStateException e)
        {
            // The task has a base that we do not: naming none makes it send everything the next time.
            _base = null;
            DiscardExclusive(message);
            Abort(pending, CheckpointFailureReason.UnknownSharedState,
                $"{message.Source} refers to unknown shared state '{e.Key}'", e);
            return;
        }
        catch (ConflictingSharedStateException e)
        {
            DiscardExclusive(message);
            Abort(pending, CheckpointFailureReason.ConflictingSharedState,
                $"{message.Source} sent a conflicting file '{e.Key}'", e);
            return;
        }

        var taken = pending.Snapshots[message.Source];
        Report(new StatisticsEvent.Acknowledged(
            pending.Id, message.Source.Operator, message.Source.Index, _now, taken.Times, taken.SizeBytes, taken.Cost));
        pending.Cost += message.Snapshot.Cost;
        pending.Missing.Remove(message.Source);
        GiveUp(message);
        Log(log => log.SubtaskAcknowledged(message.Source, message.CheckpointId.Value, pending.Missing.Count));
        if (pending.Missing.Count == 0)
        {
            if (FinishedOperators.FindIncompleteUnion(pending.Finished, pending.Snapshots) is { } partly)
            {
                Abort(pending, CheckpointFailureReason.PartlyFinishedUnionState,
                    $"some subtasks of '{partly}' have finished, and its union state would be incomplete", null);
                return;
            }

            pending.State = PendingCheckpoint.Phase.WritingMetadata;
            pending.Completed = MakeCompleted(pending);
            pending.IsMetadataUnderWay = true;
            _effects.Add(new CoordinatorEffect.WriteMetadata(
                pending.Id, pending.Request.ExclusiveFolder, pending.Completed.Metadata, pending.Completed));
        }
    }

    private void OnDeclined(DeclineCheckpoint message)
    {
        if (!IsOfThisAttempt(message.Source) || !_pending.TryGetValue(message.CheckpointId, out var pending)
            || pending.State != PendingCheckpoint.Phase.Collecting)
        {
            Log(log => log.StaleMessageDropped(message.Source, message.CheckpointId.Value, "a late decline"));
            return;
        }

        Abort(pending, ReasonOf(message), $"{message.Source}: {message.Cause.Message}", message.Cause,
            message.Source.ToString());
    }

    /// <summary>A task speaks for itself only: what only a coordinator can know is not taken from it.</summary>
    private static CheckpointFailureReason ReasonOf(DeclineCheckpoint message) =>
        message.Cause is CheckpointDeclinedException declined && IsForTasksToSay(declined.Reason)
            ? declined.Reason
            : CheckpointFailureReason.TaskDeclined;

    private static bool IsForTasksToSay(CheckpointFailureReason reason) => reason
        is CheckpointFailureReason.Subsumed or CheckpointFailureReason.AttemptEnded
        or CheckpointFailureReason.TasksNotRunning or CheckpointFailureReason.InsufficientSpace
        or (>= CheckpointFailureReason.TaskFinished and <= CheckpointFailureReason.BlockingOutput
            and not CheckpointFailureReason.CoordinatorSuspended);

    private bool IsOfThisAttempt(SubtaskAddress source) =>
        _phase != LifePhase.Failed && source.Job == topology.Job && source.Epoch == Epoch && source.Attempt == _attempt
        && Subtasks.Contains(source);

    /// <summary>Shared files get the checkpoint as an owner, and new ones the attempt that sent them, too.</summary>
    private SubtaskSnapshot RegisterShared(PendingCheckpoint pending, AcknowledgeCheckpoint message)
    {
        // A savepoint is self-contained: its files are its own, and nobody ever shares them.
        if (message.Snapshot.Keyed is not { } keyed || pending.IsSavepoint)
        {
            return message.Snapshot;
        }

        RegisterForAttempt(message);
        return message.Snapshot with { Keyed = _registry.RegisterAll(keyed, OwnerOf(pending.Id)) };
    }

    private void RegisterForAttempt(AcknowledgeCheckpoint message)
    {
        if (message.Snapshot.Keyed is not IncrementalKeyedStateHandle incremental)
        {
            return;
        }

        foreach (var file in incremental.SharedFiles)
        {
            if (file.Handle is FileStateHandle stored && IsUploadOf(message.Source, stored.Path))
            {
                _registry.Register(incremental.KeyOf(file), stored, OwnerOf(message.Source));
            }
        }
    }

    /// <summary>The checkpoint has ended, but its uploads may serve a later one: they stay their attempt's.</summary>
    private void KeepLate(AcknowledgeCheckpoint message)
    {
        Log(log => log.StaleMessageDropped(message.Source, message.CheckpointId.Value, "a late acknowledgement"));
        if (_retained.Exists(checkpoint => checkpoint.Id == message.CheckpointId && checkpoint.Job == topology.Job))
        {
            return;
        }

        try
        {
            RegisterForAttempt(message);
        }
        catch (ConflictingSharedStateException)
        {
            // The registered file stays; the other is an orphan that the next epoch sweeps.
        }

        GiveUp(message);
        DiscardExclusive(message);
    }

    /// <summary>A message of an attempt that is over: what it uploaded and nobody took over is nobody's.</summary>
    private void DiscardStale(AcknowledgeCheckpoint message)
    {
        Log(log =>
            log.StaleMessageDropped(message.Source, message.CheckpointId.Value, "another job, epoch or attempt"));
        if (_phase == LifePhase.Failed || message.Source.Job != topology.Job || message.Source.Epoch != Epoch
            || message.Source.Attempt >= _attempt
            || _retained.Exists(checkpoint => checkpoint.Id == message.CheckpointId && checkpoint.Job == topology.Job))
        {
            return;
        }

        DiscardExclusive(message);
        if (message.Snapshot.Keyed is IncrementalKeyedStateHandle incremental)
        {
            DeletePaths(
                incremental.SharedFiles
                    .Where(file => _registry.OwnerCount(incremental.KeyOf(file)) == 0)
                    .Select(static file => file.Handle).OfType<FileStateHandle>()
                    .Where(file => IsUploadOf(message.Source, file.Path)).Select(static file => file.Path),
                "sent by an attempt that is over");
        }
    }

    private void GiveUp(AcknowledgeCheckpoint message) =>
        Delete(_registry.GiveUp(OwnerOf(message.Source), message.Snapshot.GivenUp), "given up by its task");

    private void DiscardExclusive(AcknowledgeCheckpoint message) =>
        DeletePaths(
            ExclusiveFilesOf(message.Snapshot, _abortedSavepoints.GetValueOrDefault(message.CheckpointId)),
            $"of checkpoint {message.CheckpointId}, which will not complete");

    private static IEnumerable<string> ExclusiveFilesOf(SubtaskSnapshot snapshot, string? savepointFolder) =>
        CheckpointReference.ExclusiveFiles(snapshot.Keyed, savepointFolder)
            .Concat(CheckpointReference.FilesOf(snapshot.Operator?.Stream, savepointFolder));

    private static bool IsUploadOf(SubtaskAddress source, string path) =>
        StoragePath.IsBelow(path, CheckpointLayout.SharedFolder(source.Job))
        && StoragePath.NameOf(path)
            .StartsWith(FormattableString.Invariant($"{source.Epoch}-{source.Attempt}-"), StringComparison.Ordinal);

    private SharedStateOwner OwnerOf(CheckpointId id) => SharedStateOwner.Checkpoint(topology.Job, id);

    private static SharedStateOwner OwnerOf(SubtaskAddress source) =>
        SharedStateOwner.Attempt(source.Epoch, source.Attempt, source.Operator, source.Index);

    private CompletedCheckpoint MakeCompleted(PendingCheckpoint pending)
    {
        var properties = new CheckpointProperties(pending.Kind, options.Retention)
        {
            Format = pending.IsSavepoint
                && pending.Snapshots.Values.Any(static snapshot => snapshot.Keyed is IncrementalKeyedStateHandle)
                ? SavepointFormat.Native
                : SavepointFormat.Canonical,
        };
        var operators = topology.Operators.Select(o => FinishedOperators.Describe(
            o, topology.MaxParallelism,
            pending.Snapshots.Where(s => s.Key.Operator == o.Name)
                .ToDictionary(static s => s.Key.Index, static s => s.Value)));
        var metadata = new CheckpointMetadata(pending.Id, pending.HookStates, operators.ToValueList())
        {
            Info = new(
                topology.Job, _record.JobUid, _record.LineageId, _record.Epoch, properties,
                ToMilliseconds(pending.TriggeredAt), ToMilliseconds(_now), []),
        };
        return new(
            topology.Job, pending.Id, pending.Request.ExclusiveFolder, metadata, properties) { Cost = pending.Cost };
    }

    // Metadata keeps milliseconds, and what is in memory is what a reader will find.
    private static DateTimeOffset ToMilliseconds(DateTimeOffset time) =>
        DateTimeOffset.FromUnixTimeMilliseconds(time.ToUnixTimeMilliseconds());
}
