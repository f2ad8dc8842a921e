using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.SharedState;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Storage.InMemory;
using Checkpointing.Tests.CompletedCheckpoints;

namespace Checkpointing.Tests.Coordination;

/// <summary>For tests of the coordinator's decisions event by event: a job of one subtask that retains one
/// checkpoint.</summary>
public abstract class CoreTests
{
    private static readonly Guid s_backend = Guid.Parse("6a1c2f0e-5b1d-4d0a-9a8e-000000000001");

    private protected CoordinatorCore Core { get; } = new(
        new JobTopology("job", 4) { { "source", 1, true } },
        new() { MaxConcurrent = 2, MaxRetainedCheckpoints = 1 }, IdSource.FromSeed(1));

    /// <summary>All that were not taken yet.</summary>
    private protected List<CoordinatorEffect> Effects { get; } = [];

    /// <summary>Who was asked for a checkpoint.</summary>
    private protected Dictionary<CheckpointId, SubtaskAddress> Asked { get; } = [];

    private protected static CompletedCheckpoint Listed(
        long id, CheckpointRetention retention = CheckpointRetention.Always)
    {
        var handle = new IncrementalKeyedStateHandle(
            s_backend, new(0, 3), new(id),
            [new("000001.sst", new FileStateHandle($"job/shared/{s_backend:D}/0-3/1-0-{id:D32}", 10))], [],
            new FileStateHandle($"job/chk-{id}/1-0-{id + 100:D32}", 1), 10);
        return new(
            "job", new(id), $"job/chk-{id}",
            new(new(id), [], [new(OperatorId.FromName("totals"), 1, 4, [new(0) { ManagedKeyed = handle }])]),
            new(CheckpointKind.Checkpoint, retention));
    }

    private protected static RetainedCheckpoint Retained(long id) =>
        new(new(id), $"job/chk-{id}", CheckpointKind.Checkpoint, 1, ContentDigest.Of([1]));

    /// <summary>What goes with it: its shared file, and what lies in its folder.</summary>
    private protected static IEnumerable<string> FilesOf(CompletedCheckpoint checkpoint) =>
        CheckpointReference.AllFiles(checkpoint);

    private protected void Recover(
        IReadOnlyList<CompletedCheckpoint> listed, LeavingCheckpoints? leaving = null,
        params IEnumerable<CompletedCheckpoint> named)
    {
        var record = TestRecord.Of("job") with
        {
            NextId = 1000,
            Retained = [.. listed.Select(static one => Retained(one.Id.Value))],
            Leaving = [.. named.Select(static one => Retained(one.Id.Value))],
        };
        var registry = new SharedStateRegistry();
        foreach (var one in listed)
        {
            one.RegisterSharedStatesAfterRestored(registry);
        }

        var owned = OwnedFolders.FindAsync(new InMemoryCheckpointStorage(), record, [], default).AsTask()
            .GetAwaiter().GetResult();
        Handle(new CoordinatorEvent.Recovered(
            record, registry, new(listed, []), listed.Count == 0 ? null : listed[^1], owned,
            leaving ?? LeavingCheckpoints.None));
        Handle(new CoordinatorEvent.Started());
    }

    private protected void Complete() => Acknowledge(Trigger());

    private protected CheckpointId Trigger(CheckpointRequest? request = null)
    {
        Handle(new CoordinatorEvent.TriggerRequested(request ?? CheckpointRequest.Checkpoint, new()));
        return Asked.Keys.Max();
    }

    private protected void Acknowledge(CheckpointId id, bool answers = true) =>
        Handle(new CoordinatorEvent.Acknowledged(new(Asked[id], id, SubtaskSnapshot.Empty)), answers);

    /// <summary>Hands over an event; metadata and register answer well.</summary>
    private protected void Handle(CoordinatorEvent happened, bool answers = true)
    {
        foreach (var effect in Core.Handle(happened, DateTimeOffset.UnixEpoch.AddYears(50)))
        {
            Effects.Add(effect);
            switch (effect)
            {
                case CoordinatorEffect.SendTriggers send:
                    Asked[send.Id] = send.Messages.Single().Target;
                    break;
                case CoordinatorEffect.WriteMetadata write when answers:
                    Handle(new CoordinatorEvent.MetadataWritten(
                        write.Id,
                        new(write.Id, write.Folder, write.Completed.Properties.Kind, 1, ContentDigest.Of([1])),
                        write.Completed));
                    break;
                case CoordinatorEffect.ReplaceRegister replace when answers:
                    Handle(new CoordinatorEvent.RegisterReplaced(replace.Change, replace.Record));
                    break;
            }
        }
    }

    private protected List<CoordinatorEffect.CheckPins> Checks() => Take<CoordinatorEffect.CheckPins>();

    private protected IEnumerable<string> Deleted() =>
        Take<CoordinatorEffect.Delete>().SelectMany(static one => one.Paths);

    private protected List<T> Take<T>()
    {
        var taken = Effects.OfType<T>().ToList();
        Effects.RemoveAll(static effect => effect is T);
        return taken;
    }
}
