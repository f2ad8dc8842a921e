using Checkpointing.Coordination;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.Tests.Coordination;

/// <summary>What the coordinator makes of messages about a checkpoint, event by event.</summary>
public sealed class AcknowledgementTests : CoreTests
{
    [Fact]
    public void Acknowledged_WithAnotherFileUnderAKnownKey_IsAbortedAndItsOwnFilesGo()
    {
        var listed = Listed(1);
        Recover([listed]);
        var id = Trigger();
        var known = (IncrementalKeyedStateHandle)listed.Metadata.Operators[0].Subtasks[0].ManagedKeyed!;
        var file = (FileStateHandle)known.SharedFiles[0].Handle;
        var conflicting = known with
        {
            SharedFiles = [known.SharedFiles[0] with { Handle = file with { FileSizeBytes = 11 } }],
            MetaFile = new FileStateHandle("job/chk-20/5-1-catalogue", 1),
        };

        Handle(new CoordinatorEvent.Acknowledged(new(Asked[id], id, new(conflicting, null, [], default, []))));

        ReasonOfTheAbort().Should().Be(CheckpointFailureReason.ConflictingSharedState);
        Deleted().Should().Equal("job/chk-20/5-1-catalogue");
        Core.PendingCount.Should().Be(0);
    }

    [Fact]
    public void DeliveryFailed_IsAborted()
    {
        Recover([]);
        var id = Trigger();

        Handle(new CoordinatorEvent.DeliveryFailed(id, new CheckpointStorageUnavailableException("task", "is away.")));

        ReasonOfTheAbort().Should().Be(CheckpointFailureReason.DeliveryFailed);
    }

    // A task cannot say what only a coordinator knows.
    [Fact]
    public void Declined_TheReasonIsTakenIfItIsForTasksToSay()
    {
        CheckpointFailureReason[] taken =
        [
            CheckpointFailureReason.Subsumed, CheckpointFailureReason.AttemptEnded,
            CheckpointFailureReason.TasksNotRunning, CheckpointFailureReason.InsufficientSpace,
            .. Enum.GetValues<CheckpointFailureReason>().Where(static reason =>
                reason is >= CheckpointFailureReason.TaskFinished and <= CheckpointFailureReason.BlockingOutput
                    and not CheckpointFailureReason.CoordinatorSuspended),
        ];
        taken.Should().Contain([CheckpointFailureReason.TaskFinished, CheckpointFailureReason.BlockingOutput]);
        Recover([]);
        foreach (var reason in Enum.GetValues<CheckpointFailureReason>())
        {
            var id = Trigger();

            Handle(new CoordinatorEvent.Declined(new(
                Asked[id], id, new CheckpointDeclinedException(id, reason, "said by a task"))));

            ReasonOfTheAbort().Should().Be(taken.Contains(reason) ? reason : CheckpointFailureReason.TaskDeclined);
        }
    }

    [Theory]
    [InlineData(25, false)]
    [InlineData(26, true)]
    public void Acknowledged_ByAnAttemptThatIsOver_ItsOwnFilesGoUnlessTheCheckpointIsListed(long id, bool goes)
    {
        var listed = Listed(25);
        Recover([listed]);
        var before = Core.Subtasks.Single();
        Handle(new CoordinatorEvent.AttemptEnded());
        Recover([listed]);
        var handle = (IncrementalKeyedStateHandle)listed.Metadata.Operators[0].Subtasks[0].ManagedKeyed!;

        Handle(new CoordinatorEvent.Acknowledged(new(before, new(id), new(
            handle with { MetaFile = new FileStateHandle("job/chk-26/5-1-catalogue", 1) }, null, [], default, []))));

        Deleted().Should().Equal(goes ? ["job/chk-26/5-1-catalogue"] : []);
    }

    private CheckpointFailureReason ReasonOfTheAbort() =>
        ((CheckpointDeclinedException)Take<CoordinatorEffect.SendAborted>().Single().Cause).Reason;
}
