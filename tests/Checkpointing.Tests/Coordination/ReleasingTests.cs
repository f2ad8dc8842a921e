using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.SharedState;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Storage;
using Checkpointing.Storage.InMemory;
using Checkpointing.Tests.CompletedCheckpoints;

namespace Checkpointing.Tests.Coordination;

/// <summary>When the coordinator lets go of a checkpoint that left the list, event by event.</summary>
public sealed class ReleasingTests
{
    private static readonly Guid s_backend = Guid.Parse("6a1c2f0e-5b1d-4d0a-9a8e-000000000001");

    private readonly CoordinatorCore _core = new(
        new JobTopology("job", 4) { { "source", 1, true } },
        new() { MaxConcurrent = 2, MaxRetainedCheckpoints = 1 }, IdSource.FromSeed(1));
    private readonly List<CoordinatorEffect> _effects = [];
    private readonly Dictionary<CheckpointId, SubtaskAddress> _asked = [];

    [Fact]
    public void SubsumedAndPinned_LooksOnceAtEachEndAndLetsGoWhenThePinIsGone()
    {
        var first = Listed(1);
        Recover([first]);

        Complete();

        _core.Retained.Should().ContainSingle().Which.Path.Should().NotBe(first.Path);
        var check = Checks().Should().ContainSingle().Which;
        check.Checkpoint.Should().Be(first);
        for (var i = 0; i < 3; i++)
        {
            Handle(new CoordinatorEvent.PinsChecked(first, check.EndedCount, IsPinned: true));
            Checks().Should().BeEmpty("nothing has ended since");
            _core.IsLeaving(first.Path).Should().BeTrue();

            Complete();

            check = Checks().Should().ContainSingle(c => c.Checkpoint == first).Which;
            _core.Record!.Leaving.Should().Contain(one => one.Path == first.Path, "a sweep leaves its files");
            Deleted().Should().NotContain(path => FilesOf(first).Contains(path));
        }

        Handle(new CoordinatorEvent.PinsChecked(first, check.EndedCount, IsPinned: false));

        _core.IsLeaving(first.Path).Should().BeFalse();
        Deleted().Should().BeEquivalentTo(FilesOf(first));
        Complete();
        _core.Record!.Leaving.Should().NotContain(one => one.Path == first.Path);
        Checks().Should().NotContain(c => c.Checkpoint == first);
    }

    [Fact]
    public void PinsChecked_SomethingEndedMeanwhile_LooksAgainAtOnce()
    {
        var first = Listed(1);
        Recover([first]);
        Complete();
        var check = Checks().Single();
        Complete();
        Checks();

        Handle(new CoordinatorEvent.PinsChecked(first, check.EndedCount, IsPinned: true));

        Checks().Should().ContainSingle().Which.EndedCount.Should().BeGreaterThan(check.EndedCount);
    }

    [Fact]
    public void Subsumed_OneThatIsUnderWayMayPointIntoIt_WaitsForItsEnd()
    {
        var first = Listed(1);
        Recover([first]);
        var older = Trigger();
        var newer = Trigger(CheckpointRequest.SavepointTo("savepoints"));

        Acknowledge(older);
        Checks().Should().BeEmpty();
        _core.IsLeaving(first.Path).Should().BeTrue();

        Handle(new CoordinatorEvent.Declined(new(
            _asked[newer], newer, new CheckpointStorageUnavailableException("disk", "is full."))));

        Checks().Should().ContainSingle().Which.Checkpoint.Should().Be(first);
    }

    [Fact]
    public void Recovered_WithSomeBeingLetGo_TheRecordGoesOnNamingThem()
    {
        var (left, away) = (Listed(1), Listed(2));
        Recover([Listed(3)], new([left], [away.Path], []), left, away);

        _core.IsLeaving(left.Path).Should().BeTrue();
        _core.IsLeaving(away.Path).Should().BeTrue();
        Complete();

        _core.Record!.Leaving.Select(static one => one.Path).Should().Contain([left.Path, away.Path]);
        Checks().Should().ContainSingle(c => c.Checkpoint == left);
    }

    [Fact]
    public void Recovered_OneBeingLetGoCannotBeRead_NothingIsDeleted()
    {
        var (away, next) = (Listed(2), Listed(3));
        Recover([next], new([], [away.Path], []), away);
        Complete();
        var check = Checks().Single();

        Handle(new CoordinatorEvent.PinsChecked(next, check.EndedCount, IsPinned: false));

        Deleted().Should().BeEmpty("it may need any file");
    }

    [Fact]
    public void Ending_WhileOneIsUnderWay_TheCallerIsAnswered()
    {
        Recover([Listed(1)]);
        var reply = new TaskCompletionSource<CompletedCheckpoint>();
        Handle(new CoordinatorEvent.TriggerRequested(CheckpointRequest.Checkpoint, reply));
        _core.PendingCount.Should().Be(1);

        Handle(new CoordinatorEvent.Ending(JobTermination.Suspended));

        _core.PendingCount.Should().Be(0);
        _effects.OfType<CoordinatorEffect.SendAborted>().Single().Replies.Should().Equal(reply);
    }

    [Theory]
    [InlineData(JobTermination.Finished, 1)]
    [InlineData(JobTermination.Suspended, 0)]
    public void Ending_DropsWhatDoesNotStay_Once(JobTermination termination, int changes)
    {
        Recover([Listed(1, CheckpointRetention.OnCancellation)]);
        _effects.Clear();

        Handle(new CoordinatorEvent.Ending(termination), answers: false);
        Handle(new CoordinatorEvent.Ending(termination), answers: false);

        _effects.OfType<CoordinatorEffect.ReplaceRegister>().Should().HaveCount(changes);
    }

    [Fact]
    public void Ending_AfterItHasFailed_DeletesNothing()
    {
        var first = Listed(1);
        Recover([first]);
        Complete();
        var check = Checks().Single();
        Trigger();
        Acknowledge(_asked.Keys.Max(), answers: false);
        Handle(new CoordinatorEvent.MetadataWritten(
            _asked.Keys.Max(), Retained(9), Listed(9)), answers: false);
        var replace = _effects.OfType<CoordinatorEffect.ReplaceRegister>().Last();
        Handle(new CoordinatorEvent.RegisterFailed(replace.Change, new CoordinatorFencedException("job", 5, 6)));
        _effects.OfType<CoordinatorEffect.Fail>().Should().ContainSingle();
        _effects.Clear();

        Handle(new CoordinatorEvent.PinsChecked(first, check.EndedCount - 1, IsPinned: true));
        Handle(new CoordinatorEvent.Ending(JobTermination.Cancelled));
        Handle(new CoordinatorEvent.PinsChecked(first, check.EndedCount, IsPinned: false));

        _effects.Where(static effect => effect is CoordinatorEffect.CheckPins or CoordinatorEffect.Delete
            or CoordinatorEffect.ReplaceRegister).Should().BeEmpty();
        _core.IsLeaving(first.Path).Should().BeTrue("whoever recovers decides");
    }

    [Fact]
    public void Ending_WhileTheRecordIsBeingChanged_IsSettled()
    {
        Recover([]);
        Handle(new CoordinatorEvent.AttemptEnded());
        Handle(new CoordinatorEvent.Resuming());
        _core.IsUnsettled.Should().BeTrue();

        Handle(new CoordinatorEvent.Ending(JobTermination.Suspended));

        _core.IsUnsettled.Should().BeFalse();
    }

    private static CompletedCheckpoint Listed(
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

    private static RetainedCheckpoint Retained(long id) =>
        new(new(id), $"job/chk-{id}", CheckpointKind.Checkpoint, 1, ContentDigest.Of([1]));

    /// <summary>What goes with it: its shared file, and what lies in its folder.</summary>
    private static IEnumerable<string> FilesOf(CompletedCheckpoint checkpoint) =>
        CheckpointReference.AllFiles(checkpoint);

    private void Recover(
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
            record, registry, new(listed, []), listed.LastOrDefault(), owned, leaving ?? LeavingCheckpoints.None));
        Handle(new CoordinatorEvent.Started());
    }

    private void Complete() => Acknowledge(Trigger());

    private CheckpointId Trigger(CheckpointRequest? request = null)
    {
        Handle(new CoordinatorEvent.TriggerRequested(request ?? CheckpointRequest.Checkpoint, new()));
        return _asked.Keys.Max();
    }

    private void Acknowledge(CheckpointId id, bool answers = true) =>
        Handle(new CoordinatorEvent.Acknowledged(new(_asked[id], id, SubtaskSnapshot.Empty)), answers);

    /// <summary>Hands over an event; metadata and register answer well.</summary>
    private void Handle(CoordinatorEvent happened, bool answers = true)
    {
        foreach (var effect in _core.Handle(happened, DateTimeOffset.UnixEpoch.AddYears(50)))
        {
            _effects.Add(effect);
            switch (effect)
            {
                case CoordinatorEffect.SendTriggers send:
                    _asked[send.Id] = send.Messages.Single().Target;
                    break;
                case CoordinatorEffect.WriteMetadata write when answers:
                    Handle(new CoordinatorEvent.MetadataWritten(
                        write.Id, new(write.Id, write.Folder, write.Completed.Properties.Kind, 1, ContentDigest.Of([1])),
                        write.Completed));
                    break;
                case CoordinatorEffect.ReplaceRegister replace when answers:
                    Handle(new CoordinatorEvent.RegisterReplaced(replace.Change, replace.Record));
                    break;
            }
        }
    }

    private List<CoordinatorEffect.CheckPins> Checks() => Take<CoordinatorEffect.CheckPins>();

    private IEnumerable<string> Deleted() => Take<CoordinatorEffect.Delete>().SelectMany(static one => one.Paths);

    private List<T> Take<T>()
    {
        var taken = _effects.OfType<T>().ToList();
        _effects.RemoveAll(static effect => effect is T);
        return taken;
    }
}
