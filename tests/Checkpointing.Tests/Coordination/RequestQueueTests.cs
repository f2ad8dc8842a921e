using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using CsCheck;

namespace Checkpointing.Tests.Coordination;

/// <summary>Which request is served next, and whether it may begin. Cases of Flink's
/// CheckpointRequestDecider.</summary>
public sealed class RequestQueueTests
{
    private static readonly DateTimeOffset s_now = DateTimeOffset.UnixEpoch.AddYears(50);
    private static readonly TriggerSituation s_free = new(s_now, Pending: 0, LastCompletedAt: null, FilesToDelete: 0);
    private static readonly CheckpointRequest s_savepoint = CheckpointRequest.SavepointTo("savepoints");

    private long _number;

    [Fact]
    public void Next_Forced_BeginsWhateverIsPendingOrWaitsToBeDeleted()
    {
        var queue = new RequestQueue(new() { MaxConcurrent = 1, MaxFilesToDelete = 0 });
        var forced = User(CheckpointRequest.Checkpoint with { IsForced = true });
        queue.Add(forced);

        queue.Next(s_free with { Pending = 5, FilesToDelete = 100 }).Should().BeSameAs(forced);
    }

    [Fact]
    public void Next_TooManyPending_WaitsUntilOneHasEnded()
    {
        var queue = new RequestQueue(new() { MaxConcurrent = 2 });
        var request = User(CheckpointRequest.Checkpoint);
        queue.Add(request).Should().BeNull();

        queue.Next(s_free with { Pending = 2 }).Should().BeNull();
        queue.WhyItWaits(request, s_free with { Pending = 2 }).Should()
            .Be(CheckpointFailureReason.TooManyConcurrentCheckpoints);
        queue.Next(s_free with { Pending = 1 }).Should().BeSameAs(request);
    }

    [Fact]
    public void Next_TooManyFilesToDelete_WaitsUntilTheyAreGone()
    {
        var queue = new RequestQueue(new() { MaxFilesToDelete = 10 });
        var savepoint = User(s_savepoint);
        queue.Add(savepoint);

        queue.Next(s_free with { FilesToDelete = 11 }).Should().BeNull();
        queue.WhyItWaits(savepoint, s_free with { FilesToDelete = 11 }).Should()
            .Be(CheckpointFailureReason.CleaningLags);
        queue.Next(s_free with { FilesToDelete = 10 }).Should().BeSameAs(savepoint, "the bound itself is allowed");
    }

    [Fact]
    public void Next_UsersBeforePeriodic_SavepointsBeforeCheckpoints_ForcedBeforeOthers_ThenByArrival()
    {
        var queue = new RequestQueue(new());
        WaitingRequest[] expected =
        [
            User(s_savepoint with { IsForced = true }),
            User(s_savepoint),
            User(s_savepoint),
            User(CheckpointRequest.Checkpoint with { IsForced = true }),
            User(CheckpointRequest.FullCheckpoint),
            User(CheckpointRequest.Checkpoint),
            Periodic(),
        ];
        foreach (var request in new[] { 4, 6, 1, 5, 3, 2, 0 })
        {
            queue.Add(expected[request]);
        }

        queue.Requests.Should().Equal(expected);
    }

    [Fact]
    public void Add_QueueIsFull_ANewcomerIsRefused()
    {
        var queue = new RequestQueue(new() { MaxWaitingRequests = 2 });
        queue.Add(User(CheckpointRequest.Checkpoint));
        queue.Add(User(CheckpointRequest.Checkpoint));
        var savepoint = User(s_savepoint);

        queue.Add(savepoint).Should().BeSameAs(savepoint, "what a user asked for never gives way");
        queue.Count.Should().Be(2);
    }

    [Fact]
    public void Add_QueueIsFullAndAPeriodicOneWaits_ThatGivesWay()
    {
        var queue = new RequestQueue(new() { MaxWaitingRequests = 1 });
        var periodic = Periodic();
        queue.Add(periodic);
        var savepoint = User(s_savepoint);

        queue.Add(savepoint).Should().BeSameAs(periodic);

        queue.Requests.Should().Equal(savepoint);
    }

    [Fact]
    public void Add_SecondPeriodic_AsksForNothingMore()
    {
        var queue = new RequestQueue(new());
        queue.Add(Periodic()).Should().BeNull();
        var second = Periodic();

        queue.Add(second).Should().BeSameAs(second);
        queue.Count.Should().Be(1);
    }

    [Fact]
    public void Next_SavepointWithinThePause_BeginsAtOnce()
    {
        var queue = new RequestQueue(new() { MinPause = TimeSpan.FromMinutes(1) });
        var savepoint = User(s_savepoint);
        queue.Add(savepoint);

        queue.Next(s_free with { LastCompletedAt = s_now, Pending = 1 }).Should().BeSameAs(savepoint);
    }

    [Fact]
    public void Next_PeriodicWithinThePause_WaitsForItsEndAndSaysWhen()
    {
        var queue = new RequestQueue(new() { MinPause = TimeSpan.FromMinutes(1) });
        var periodic = Periodic();
        queue.Add(periodic);
        var early = s_free with { LastCompletedAt = s_now - TimeSpan.FromSeconds(59) };

        queue.Next(early).Should().BeNull();
        queue.WakeAt(early).Should().Be(s_now + TimeSpan.FromSeconds(1));
        queue.WakeAt(early with { Pending = 1 }).Should().BeNull("a slot has to become free first");
        queue.Next(early with { Now = s_now + TimeSpan.FromSeconds(1) }).Should().BeSameAs(periodic);
    }

    [Fact]
    public void Next_UsersCheckpointWithinThePause_BeginsAtOnce()
    {
        var queue = new RequestQueue(new() { MinPause = TimeSpan.FromMinutes(1) });
        var request = User(CheckpointRequest.Checkpoint);
        queue.Add(request);

        queue.Next(s_free with { LastCompletedAt = s_now }).Should().BeSameAs(request);
    }

    [Fact]
    public void Next_ForcedBehindAWaitingSavepoint_IsNotHeldUpByIt()
    {
        var queue = new RequestQueue(new() { MaxFilesToDelete = 0 });
        queue.Add(User(s_savepoint));
        var forced = User(CheckpointRequest.Checkpoint with { IsForced = true });
        queue.Add(forced);

        queue.Next(s_free with { FilesToDelete = 1 }).Should().BeSameAs(forced);
    }

    // Model: a list sorted anew each time.
    [Fact]
    public void AnyHistory_AgreesWithASortedList() =>
        Gen.Select(Gen.Int[0, 5], Gen.Bool).Array[0, 40].Sample(steps =>
        {
            var number = 0L;
            var queue = new RequestQueue(new() { MaxWaitingRequests = 5 });
            var model = new List<WaitingRequest>();
            foreach (var (kind, takes) in steps)
            {
                if (takes)
                {
                    var next = queue.Next(s_free);
                    next.Should().BeSameAs(model.FirstOrDefault());
                    if (next is not null)
                    {
                        queue.Remove(next);
                        model.RemoveAt(0);
                    }

                    continue;
                }

                var request = kind switch
                {
                    0 => new WaitingRequest(CheckpointRequest.Checkpoint, number++, null),
                    1 => User(s_savepoint, number++),
                    2 => User(s_savepoint with { IsForced = true }, number++),
                    3 => User(CheckpointRequest.Checkpoint with { IsForced = true }, number++),
                    _ => User(CheckpointRequest.Checkpoint, number++),
                };
                var refused = queue.Add(request);
                model.Add(request);
                model = [.. model.OrderBy(r => !r.IsSavepoint).ThenBy(r => !r.Request.IsForced)
                    .ThenBy(r => r.IsPeriodic).ThenBy(r => r.Number)];
                if (refused is not null)
                {
                    (refused == request || refused.IsPeriodic).Should().BeTrue();
                    model.Remove(refused);
                }

                queue.Requests.SequenceEqual(model).Should().BeTrue();
                (queue.Count <= 5 && model.Count(r => r.IsPeriodic) <= 1).Should().BeTrue();
            }
        });

    private static WaitingRequest User(CheckpointRequest request, long number) =>
        new(request, number, new TaskCompletionSource<CompletedCheckpoint>());

    private WaitingRequest User(CheckpointRequest request) => User(request, _number++);

    private WaitingRequest Periodic() => new(CheckpointRequest.Checkpoint, _number++, null);
}
