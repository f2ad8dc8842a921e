using Checkpointing.Coordination;
using CsCheck;

namespace Checkpointing.Tests.Coordination;

/// <summary>When failed checkpoints fail the job. Cases of Flink's CheckpointFailureManager.</summary>
public sealed class FailureCounterTests
{
    [Fact]
    public void Failed_OneMoreThanTolerable_IsTooMany()
    {
        var failures = new FailureCounter(tolerable: 2);

        failures.Failed(new(1), CheckpointFailureReason.TaskDeclined).Should().BeFalse();
        failures.Failed(new(2), CheckpointFailureReason.Expired).Should().BeFalse();
        failures.Failed(new(3), CheckpointFailureReason.MetadataWriteFailed).Should().BeTrue();
    }

    [Fact]
    public void Completed_BetweenFailures_BeginsTheCountAnew()
    {
        var failures = new FailureCounter(tolerable: 1);
        failures.Failed(new(1), CheckpointFailureReason.TaskDeclined);

        failures.Completed(new(2));

        failures.InARow.Should().Be(0);
        failures.Failed(new(3), CheckpointFailureReason.TaskDeclined).Should().BeFalse();
        failures.Failed(new(4), CheckpointFailureReason.TaskDeclined).Should().BeTrue();
    }

    [Fact]
    public void Failed_OlderThanTheNewestCompleted_IsIgnored()
    {
        var failures = new FailureCounter(tolerable: 0);
        failures.Completed(new(5));

        failures.Failed(new(4), CheckpointFailureReason.TaskDeclined).Should().BeFalse();
        failures.Failed(new(5), CheckpointFailureReason.TaskDeclined).Should().BeFalse();
        failures.Failed(new(6), CheckpointFailureReason.TaskDeclined).Should().BeTrue();
    }

    [Fact]
    public void Failed_TheSameCheckpointAgain_CountsOnce()
    {
        var failures = new FailureCounter(tolerable: 1);

        failures.Failed(new(1), CheckpointFailureReason.TaskDeclined).Should().BeFalse();
        failures.Failed(new(1), CheckpointFailureReason.Expired).Should().BeFalse();
        failures.InARow.Should().Be(1);
    }

    // One row a reason, so that a new one has to be thought about.
    [Fact]
    public void Counts_EachReason_IsAsDecided()
    {
        CheckpointFailureReason[] counted =
        [
            CheckpointFailureReason.None, CheckpointFailureReason.IdReservationFailed,
            CheckpointFailureReason.TaskDeclined, CheckpointFailureReason.Expired,
            CheckpointFailureReason.UnknownSharedState, CheckpointFailureReason.ConflictingSharedState,
            CheckpointFailureReason.MetadataWriteFailed, CheckpointFailureReason.RegisterWriteFailed,
            CheckpointFailureReason.DeliveryFailed, CheckpointFailureReason.InsufficientSpace,
            CheckpointFailureReason.HookFailed, CheckpointFailureReason.SnapshotFailed,
            CheckpointFailureReason.StorageFailed, CheckpointFailureReason.ChannelStateFailed,
        ];

        Enum.GetValues<CheckpointFailureReason>().Where(FailureCounter.Counts).Should().BeEquivalentTo(counted);
    }

    [Fact]
    public void Failed_AnyNumberIsTolerable_NeverIsTooManyAndTheCountIsBounded()
    {
        var failures = new FailureCounter(tolerable: null);
        for (var id = 1; id <= 5_000; id++)
        {
            failures.Failed(new(id), CheckpointFailureReason.Expired).Should().BeFalse();
        }

        failures.InARow.Should().BeInRange(1, 1_000);
    }

    // Model: the set of counted ids since the last completion.
    [Fact]
    public void AnyHistory_AgreesWithASet() =>
        Gen.Select(Gen.Int[0, 2], Gen.Int[1, 12], Gen.Int[0, 38]).Array[0, 60].Sample(steps =>
        {
            const int Tolerable = 3;
            var failures = new FailureCounter(Tolerable);
            var (model, completed) = (new HashSet<long>(), 0L);
            foreach (var (what, id, reason) in steps)
            {
                if (what == 0)
                {
                    failures.Completed(new(id));
                    if (id > completed)
                    {
                        completed = id;
                        model.Clear();
                    }
                }
                else
                {
                    var counts = id > completed && FailureCounter.Counts((CheckpointFailureReason)reason);
                    if (counts)
                    {
                        model.Add(id);
                    }

                    failures.Failed(new(id), (CheckpointFailureReason)reason).Should()
                        .Be(counts && model.Count > Tolerable);
                }

                failures.InARow.Should().Be(Math.Min(model.Count, Tolerable + 1));
            }
        });
}
