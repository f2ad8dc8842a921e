using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Storage;

namespace Checkpointing.Tests.Coordination;

/// <summary>When the coordinator lets go of a checkpoint that left the list, event by event.</summary>
public sealed class ReleasingTests : CoreTests
{
    [Fact]
    public void SubsumedAndPinned_LooksOnceAtEachEndAndLetsGoWhenThePinIsGone()
    {
        var first = Listed(1);
        Recover([first]);

        Complete();

        Core.Retained.Should().ContainSingle().Which.Path.Should().NotBe(first.Path);
        var check = Checks().Should().ContainSingle().Which;
        check.Checkpoint.Should().Be(first);
        for (var i = 0; i < 3; i++)
        {
            Handle(new CoordinatorEvent.PinsChecked(first, check.EndedCount, IsPinned: true));
            Checks().Should().BeEmpty("nothing has ended since");
            Core.IsLeaving(first.Path).Should().BeTrue();

            Complete();

            check = Checks().Should().ContainSingle(c => c.Checkpoint == first).Which;
            Core.Record!.Leaving.Should().Contain(one => one.Path == first.Path, "a sweep leaves its files");
            Deleted().Should().NotContain(path => FilesOf(first).Contains(path));
        }

        Handle(new CoordinatorEvent.PinsChecked(first, check.EndedCount, IsPinned: false));

        Core.IsLeaving(first.Path).Should().BeFalse();
        Deleted().Should().BeEquivalentTo(FilesOf(first));
        Complete();
        Core.Record!.Leaving.Should().NotContain(one => one.Path == first.Path);
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
        Core.IsLeaving(first.Path).Should().BeTrue();

        Handle(new CoordinatorEvent.Declined(new(
            Asked[newer], newer, new CheckpointStorageUnavailableException("disk", "is full."))));

        Checks().Should().ContainSingle().Which.Checkpoint.Should().Be(first);
    }

    [Fact]
    public void Recovered_WithSomeBeingLetGo_TheRecordGoesOnNamingThem()
    {
        var (left, away) = (Listed(1), Listed(2));
        Recover([Listed(3)], new([left], [away.Path], []), left, away);

        Core.IsLeaving(left.Path).Should().BeTrue();
        Core.IsLeaving(away.Path).Should().BeTrue();
        Complete();

        Core.Record!.Leaving.Select(static one => one.Path).Should().Contain([left.Path, away.Path]);
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
        Core.PendingCount.Should().Be(1);

        Handle(new CoordinatorEvent.Ending(JobTermination.Suspended));

        Core.PendingCount.Should().Be(0);
        Effects.OfType<CoordinatorEffect.SendAborted>().Single().Replies.Should().Equal(reply);
    }

    [Theory]
    [InlineData(JobTermination.Finished, 1)]
    [InlineData(JobTermination.Suspended, 0)]
    public void Ending_DropsWhatDoesNotStay_Once(JobTermination termination, int changes)
    {
        Recover([Listed(1, CheckpointRetention.OnCancellation)]);
        Effects.Clear();

        Handle(new CoordinatorEvent.Ending(termination), answers: false);
        Handle(new CoordinatorEvent.Ending(termination), answers: false);

        Effects.OfType<CoordinatorEffect.ReplaceRegister>().Should().HaveCount(changes);
    }

    [Fact]
    public void Ending_AfterItHasFailed_DeletesNothing()
    {
        var first = Listed(1);
        Recover([first]);
        Complete();
        var check = Checks().Single();
        Trigger();
        Acknowledge(Asked.Keys.Max(), answers: false);
        Handle(new CoordinatorEvent.MetadataWritten(
            Asked.Keys.Max(), Retained(9), Listed(9)), answers: false);
        var replace = Effects.OfType<CoordinatorEffect.ReplaceRegister>().Last();
        Handle(new CoordinatorEvent.RegisterFailed(replace.Change, new CoordinatorFencedException("job", 5, 6)));
        Effects.OfType<CoordinatorEffect.Fail>().Should().ContainSingle();
        Effects.Clear();

        Handle(new CoordinatorEvent.PinsChecked(first, check.EndedCount - 1, IsPinned: true));
        Handle(new CoordinatorEvent.Ending(JobTermination.Cancelled));
        Handle(new CoordinatorEvent.PinsChecked(first, check.EndedCount, IsPinned: false));

        Effects.Where(static effect => effect is CoordinatorEffect.CheckPins or CoordinatorEffect.Delete
            or CoordinatorEffect.ReplaceRegister).Should().BeEmpty();
        Core.IsLeaving(first.Path).Should().BeTrue("whoever recovers decides");
    }

    [Fact]
    public void Ending_WhileTheRecordIsBeingChanged_IsSettled()
    {
        Recover([]);
        Handle(new CoordinatorEvent.AttemptEnded());
        Handle(new CoordinatorEvent.Resuming());
        Core.IsUnsettled.Should().BeTrue();

        Handle(new CoordinatorEvent.Ending(JobTermination.Suspended));

        Core.IsUnsettled.Should().BeFalse();
    }
}
