using System.Diagnostics;
using Checkpointing.Coordination;
using Checkpointing.Hosting.Runtime;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.State;

namespace Checkpointing.Hosting.Tests.Runtime;

public sealed class SubtaskRuntimeTests : IAsyncDisposable
{
    private readonly Outbox _outbox = new();
    private readonly ProbeLogic _logic;
    private readonly SubtaskRuntime _runtime;

    public SubtaskRuntimeTests()
    {
        var port = new OutputPort<string>([new(7, 3)], null, _outbox, batchSize: 4);
        _logic = new(port.AsCollector());
        _runtime = new(new("job", 1, 0, "op", 0), 2, _logic, [port.AsPort()], _outbox);
    }

    public ValueTask DisposeAsync() => _logic.DisposeAsync();

    [Fact]
    public void Handle_BarrierOnOneOfTwoInputs_BlocksThatInputOnly()
    {
        _runtime.Handle(0, Barrier(1));

        _runtime.IsBlocked(0).Should().BeTrue();
        _runtime.IsBlocked(1).Should().BeFalse();
        _logic.Calls.Should().BeEmpty();
        _outbox.Elements.Should().BeEmpty();
    }

    [Fact]
    public void Handle_LastBarrier_SendsPartsThenBarrierAndTakesSnapshot()
    {
        _runtime.Handle(0, Barrier(1));
        _runtime.Handle(1, Records("a"));
        _runtime.Handle(1, Barrier(1));

        _logic.Calls.Should().Equal("a", "before 1", "snapshot 1");
        Sent().Should().Equal("a,part of 1", "barrier 1");
        _outbox.Snapshots.Should().ContainSingle().Which.CheckpointId.Should().Be(new CheckpointId(1));
        _runtime.IsBlocked(0).Should().BeFalse();
    }

    [Fact]
    public void Handle_ElementOfBlockedInput_IsRefused()
    {
        _runtime.Handle(0, Barrier(1));

        var handling = () => _runtime.Handle(0, Records("a"));

        handling.Should().Throw<UnreachableException>();
    }

    [Fact]
    public void Handle_NewerBarrierOvertakes_DeclinesTheOlderAndAlignsTheNewer()
    {
        _runtime.Handle(0, Barrier(1));
        _runtime.Handle(1, Barrier(2));

        _outbox.Declines.Should().ContainSingle().Which.Checkpoint.Should().Be(new CheckpointId(1));
        _runtime.IsBlocked(0).Should().BeFalse();
        _runtime.IsBlocked(1).Should().BeTrue();

        _runtime.Handle(0, Barrier(2));
        _logic.Calls.Should().Equal("before 2", "snapshot 2");
    }

    [Fact]
    public void Handle_OlderBarrierAfterOvertaking_IsIgnored()
    {
        _runtime.Handle(0, Barrier(2));
        _runtime.Handle(1, Barrier(1));

        _runtime.IsBlocked(1).Should().BeFalse();
        _outbox.Declines.Should().BeEmpty();
        _runtime.Handle(1, Barrier(2));
        _logic.Calls.Should().Equal("before 2", "snapshot 2");
    }

    [Fact]
    public void NotifyAborted_WhileAligning_OpensTheInputsAgain()
    {
        _runtime.Handle(0, Barrier(1));

        _runtime.NotifyAborted(new(1));

        _runtime.IsBlocked(0).Should().BeFalse();
        _runtime.Handle(1, Barrier(1));
        _logic.Calls.Should().Equal("aborted 1");
    }

    [Fact]
    public void NotifyAborted_BeforeTheBarrier_IgnoresItButNotAnOlderOne()
    {
        _runtime.NotifyAborted(new(2));

        _runtime.Handle(0, Barrier(1));
        _runtime.Handle(1, Barrier(1));
        _runtime.Handle(0, Barrier(2));
        _runtime.Handle(1, Barrier(2));

        _logic.Calls.Should().Equal("aborted 2", "before 1", "snapshot 1");
    }

    [Fact]
    public void Handle_Watermarks_AdvanceToTheLeastOfAllInputs()
    {
        _runtime.Handle(0, Watermark(10));
        _logic.Calls.Should().BeEmpty();

        _runtime.Handle(1, Watermark(5));
        _runtime.Handle(1, Watermark(20));
        _runtime.Handle(0, Watermark(7));

        _logic.Calls.Should().Equal("watermark 5", "watermark 10");
        Sent().Should().Equal("watermark 5", "watermark 10");
        _runtime.Watermark.Should().Be(new Timestamp(10));
    }

    [Fact]
    public void Continue_TimersLeft_HoldsTheWatermarkBackUntilAllHaveFired()
    {
        _logic.TimerRounds = 2;
        _runtime.Handle(0, Watermark(5));
        _runtime.Handle(1, Watermark(5));

        _runtime.HasMore.Should().BeTrue();
        Sent().Should().BeEmpty();
        _runtime.Continue();
        _runtime.HasMore.Should().BeTrue();
        _runtime.Continue();

        _runtime.HasMore.Should().BeFalse();
        Sent().Should().Equal("watermark 5");
    }

    [Fact]
    public void Handle_IdleInput_HoldsEventTimeBackNoMore()
    {
        _runtime.Handle(0, Watermark(7));
        Sent().Should().BeEmpty();

        _runtime.Handle(1, IdleElement.Instance);

        Sent().Should().Equal("watermark 7");
        _runtime.Handle(0, Watermark(9));
        Sent().Should().Equal("watermark 7", "watermark 9");
    }

    [Fact]
    public void Handle_RecordsOfAnIdleInput_HoldEventTimeBackAgain()
    {
        _runtime.Handle(1, IdleElement.Instance);
        _runtime.Handle(0, Watermark(7));
        _runtime.Handle(1, Records("a"));
        _runtime.Handle(0, Watermark(9));
        _runtime.Watermark.Should().Be(new Timestamp(7));

        _runtime.Handle(1, Watermark(8));

        _runtime.Watermark.Should().Be(new Timestamp(8));
    }

    [Fact]
    public void Handle_AllInputsIdle_SaysSoOnceAndWhenOneIsNotAnyMore()
    {
        _runtime.Handle(0, Watermark(5));
        _runtime.Handle(1, IdleElement.Instance);
        _runtime.Handle(0, IdleElement.Instance);
        _runtime.Handle(1, IdleElement.Instance);
        Sent().Should().Equal("watermark 5", "idle");

        _runtime.Handle(1, Watermark(3));

        Sent().Should().Equal("watermark 5", "idle", "watermark 5");
        _runtime.Watermark.Should().Be(new Timestamp(5), "event time never goes back");
    }

    [Fact]
    public void Handle_OneInputEndedAndOneIdle_DoesNotGoToTheEndOfTime()
    {
        _runtime.Handle(0, new WatermarkElement(Timestamp.MaxValue));
        _runtime.Handle(0, EndOfInputElement.Instance);
        _runtime.Handle(1, Watermark(4));
        _runtime.Handle(1, IdleElement.Instance);
        _runtime.Watermark.Should().Be(new Timestamp(4));

        _runtime.Handle(1, new WatermarkElement(Timestamp.MaxValue));

        _runtime.Watermark.Should().Be(Timestamp.MaxValue);
    }

    [Fact]
    public void Handle_OneInputEndedAndTheOtherFallsIdle_GoesOnToWhatTheEndedOneSaidAndThenIsIdle()
    {
        _runtime.Handle(0, Watermark(9));
        _runtime.Handle(1, Watermark(4));
        _runtime.Handle(0, new WatermarkElement(Timestamp.MaxValue));
        _runtime.Handle(0, EndOfInputElement.Instance);
        Sent().Should().Equal("watermark 4");
        _outbox.Elements.Clear();
        _logic.TimerRounds = 2;

        _runtime.Handle(1, IdleElement.Instance);
        Sent().Should().BeEmpty("timers come first");
        while (_runtime.HasMore)
        {
            _runtime.Continue();
        }

        Sent().Should().Equal(["watermark 9", "idle"], "a watermark behind it would make this subtask active again");
    }

    [Fact]
    public void Handle_RestoredBehindAnInputThatHadFinished_KnowsWhatItHadSaid()
    {
        _logic.LastOfEndedInputs = new(9);
        foreach (var element in FinishedElement.WholeEnd)
        {
            _runtime.Handle(0, element);
        }

        _runtime.Handle(1, Watermark(4));
        _runtime.Handle(1, IdleElement.Instance);

        _runtime.Watermark.Should().Be(new Timestamp(9));
    }

    [Fact]
    public void Handle_InputFinishesWhileABarrierIsAwaitedFromIt_AlignsWithoutIt()
    {
        _runtime.Handle(0, EndOfInputElement.Instance);
        _runtime.Handle(1, Barrier(1));
        _logic.Calls.Should().BeEmpty();

        _runtime.Handle(0, FinishedElement.Instance);
        _logic.Calls.Should().Equal("before 1", "snapshot 1");

        _runtime.Handle(1, Barrier(2));
        _logic.Calls.Should().Equal("before 1", "snapshot 1", "before 2", "snapshot 2");
    }

    [Fact]
    public void NotifyCompleted_OfACheckpointAfterAllInputsHaveFinished_IsDone()
    {
        _runtime.Handle(0, EndOfInputElement.Instance);
        _runtime.Handle(0, FinishedElement.Instance);
        _runtime.Handle(1, EndOfInputElement.Instance);
        _runtime.Handle(1, Barrier(1));
        _runtime.NotifyCompleted(new(1));
        _runtime.IsDone.Should().BeFalse("what feeds it may still emit at a barrier");

        _runtime.Handle(1, FinishedElement.Instance);
        _runtime.Trigger(Request(2) with { Kind = CheckpointKind.Savepoint });
        _runtime.NotifyCompleted(new(2));
        _runtime.IsDone.Should().BeFalse("nobody goes on from a savepoint by itself");

        _logic.NextTimer = new(10);
        _runtime.Trigger(Request(3));
        _runtime.NotifyCompleted(new(3));
        _runtime.IsDone.Should().BeFalse("a timer of processing time is still to fire");

        _logic.NextTimer = null;
        _runtime.Trigger(Request(4));
        _runtime.NotifyCompleted(new(3));
        _runtime.IsDone.Should().BeFalse();
        _runtime.NotifyCompleted(new(4));
        _runtime.IsDone.Should().BeTrue();
        _outbox.Elements.Clear();

        _runtime.Finish();
        Sent().Should().Equal("finished");
    }

    [Fact]
    public void Handle_WatermarkBelowTheRestoredOne_ChangesNothing()
    {
        _logic.Restored = new(10);

        _runtime.Handle(0, Watermark(5));
        _runtime.Handle(1, Watermark(6));
        Sent().Should().BeEmpty();
        _runtime.Handle(0, Watermark(12));
        _runtime.Handle(1, Watermark(11));

        _logic.Calls.Should().Equal("watermark 11");
    }

    [Fact]
    public void AdvanceProcessingTime_BeforeAndAfterItIsDue_FiresThenOnly()
    {
        _logic.NextTimer = new(10);
        _runtime.AdvanceProcessingTime(new(9));
        _logic.Calls.Should().BeEmpty();
        _logic.TimerRounds = 2;

        _runtime.AdvanceProcessingTime(new(11));
        while (_runtime.HasMore)
        {
            _runtime.Continue();
        }

        _logic.Calls.Should().Equal("time 11", "time 11", "time 11");
        Sent().Should().BeEmpty("the clock of a process is nobody else's");
    }

    [Fact]
    public void Handle_EndOfAllInputs_EndsOnceAndStillTakesCheckpoints()
    {
        _runtime.Handle(0, EndOfInputElement.Instance);
        _runtime.HasEnded.Should().BeFalse();
        _runtime.Handle(1, EndOfInputElement.Instance);
        _runtime.HasEnded.Should().BeTrue();

        _runtime.Handle(0, Barrier(1));
        _runtime.Handle(1, Barrier(1));

        Sent().Should().Equal("end", "part of 1", "barrier 1");
    }

    [Fact]
    public void Handle_SnapshotFailsTyped_DeclinesAndGoesOn()
    {
        _logic.SnapshotFailure = new CheckpointStorageUnavailableException("x", "is full.");
        _runtime.Handle(0, Barrier(1));
        _runtime.Handle(1, Barrier(1));

        _outbox.Declines.Should().ContainSingle().Which.Cause.Should().BeSameAs(_logic.SnapshotFailure);
        _outbox.Snapshots.Should().BeEmpty();
        _runtime.IsBlocked(0).Should().BeFalse();
    }

    [Fact]
    public void Trigger_SameCheckpointTwice_SnapshotsOnce()
    {
        _runtime.Trigger(Request(1));
        _runtime.Trigger(Request(1));

        _logic.Calls.Should().Equal("before 1", "snapshot 1");
    }

    [Fact]
    public void FlushOutputs_HalfABatch_IsSent()
    {
        _runtime.Handle(0, Records("a", "b"));
        Sent().Should().BeEmpty();

        _runtime.FlushOutputs();

        Sent().Should().Equal("a,b");
        _outbox.Elements[0].Route.Should().Be(new Route(7, 3));
    }

    private static RecordBatch<string> Records(params string[] values)
    {
        var batch = new RecordBatch<string>(values.Length);
        foreach (var value in values)
        {
            batch.Add(value, new(0));
        }

        return batch;
    }

    private static WatermarkElement Watermark(long time) => new(new(time));

    private static BarrierElement Barrier(long id) => new(Request(id));

    private static SnapshotRequest Request(long id) => new()
    {
        CheckpointId = new(id),
        Kind = CheckpointKind.Checkpoint,
        Base = null,
        Job = "job",
        Epoch = 1,
        Attempt = 0,
        ExclusiveFolder = $"job/chk-{id}",
    };

    private List<string> Sent() => _outbox.Elements.ConvertAll(sent => sent.Element switch
    {
        RecordBatch<string> batch => string.Join(',', batch.Values.ToArray()),
        WatermarkElement watermark => $"watermark {watermark.Time}",
        BarrierElement barrier => $"barrier {barrier.Request.CheckpointId}",
        EndOfInputElement => "end",
        FinishedElement => "finished",
        IdleElement => "idle",
        _ => "?",
    });
}
