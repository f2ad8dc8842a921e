using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.SharedState;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Storage.InMemory;
using CsCheck;
using System.Diagnostics;

namespace Checkpointing.Tests.Coordination;

/// <summary>The coordinator's decisions, event by event: any order of anything that may happen keeps its invariants.
/// <see cref="CoreDriver"/> checks them.</summary>
public sealed class CoordinatorCoreTests
{
    [Fact]
    public void AnyEvents_KeepTheInvariantsAndAnswerEveryCaller() =>
        Gen.Select(Gen.Int[0, 0xFFFF].Array[0, 150], Gen.Int[1, 3], Gen.Bool, Gen.Bool).Sample(drawn =>
        {
            var (choices, limit, hooks, fenced) = drawn;
            var driver = new CoreDriver(
                new()
                {
                    Interval = limit == 1 ? TimeSpan.FromSeconds(5) : null,
                    MinPause = TimeSpan.FromSeconds(limit - 1),
                    Timeout = TimeSpan.FromSeconds(20),
                    MaxConcurrent = limit,
                    MaxRetainedCheckpoints = limit,
                    MaxWaitingRequests = 4,
                    MaxFilesToDelete = 1,
                    TolerableFailures = limit == 2 ? 3 : null,
                },
                hooks);
            foreach (var choice in choices)
            {
                driver.Act(choice);
            }

            if (fenced)
            {
                driver.Fence();
            }

            driver.Settle();
            driver.End(JobTermination.Suspended);

            driver.Pending.Should().Be(0);
            driver.Replies.Should().NotContain(reply => !reply.IsCompleted, "nobody waits for ever");
        }, iter: 3_000);

    // The same driver on events that are known to do much: so that the test above cannot pass by doing nothing.
    [Fact]
    public void ManyEvents_CompleteManyCheckpoints()
    {
        var completed = 0;
        for (var seed = 0; seed < 20; seed++)
        {
            var random = new Random(seed);
            var driver = new CoreDriver(
                new() { MaxConcurrent = 3, MaxRetainedCheckpoints = 2 }, hasHooks: seed % 2 == 0);
            for (var i = 0; i < 400 && !driver.HasFailed; i++)
            {
                driver.Act(random.Next(0x10000));
            }

            completed += driver.Completed.Count;
        }

        completed.Should().BeGreaterThan(60);
    }

    [Fact]
    public void Recovered_ListedBeforeItsSharedStateIsRegistered_BreaksAnInvariant()
    {
        var (record, checkpoint) = ListedCheckpoint();
        var owned = OwnedFolders.FindAsync(new InMemoryCheckpointStorage(), record, [], default).AsTask()
            .GetAwaiter().GetResult();
        var registry = new SharedStateRegistry();
        var core = new CoordinatorCore(new("job", 4), new(), IdSource.FromSeed(1));
        var recovered = new CoordinatorEvent.Recovered(
            record, registry, new([checkpoint], []), checkpoint, owned, LeavingCheckpoints.None);

        core.Invoking(c => c.Handle(recovered, default)).Should().Throw<UnreachableException>()
            .WithMessage("*job/chk-1 is listed before its file*was registered*");

        checkpoint.RegisterSharedStatesAfterRestored(registry);
        core.Handle(recovered, default);
        core.Retained.Should().Equal(checkpoint);
    }

    [Fact]
    public void Resumed_ClaimedBeforeItsSharedStateIsRegistered_BreaksAnInvariant()
    {
        var (record, checkpoint) = ListedCheckpoint();
        var core = new CoordinatorCore(new("job", 4), new(), IdSource.FromSeed(1));
        var resumed = new CoordinatorEvent.Resumed(record, [checkpoint], checkpoint, null);

        core.Invoking(c => c.Handle(resumed, default)).Should().Throw<UnreachableException>();

        checkpoint.RegisterSharedStatesAfterRestored(core.Registry);
        core.Handle(resumed, default);
        core.Retained.Should().Equal(checkpoint);
    }

    private static (RegisterRecord Record, CompletedCheckpoint Checkpoint) ListedCheckpoint()
    {
        var backend = Guid.Parse("6a1c2f0e-5b1d-4d0a-9a8e-000000000001");
        var handle = new IncrementalKeyedStateHandle(
            backend, new(0, 3), new(1),
            [new("000001.sst", new FileStateHandle($"job/shared/{backend:D}/0-3/1-0-aa", 10))], [],
            new FileStateHandle("job/chk-1/1-0-bb", 1), 10);
        var checkpoint = new CompletedCheckpoint(
            "job", new(1), "job/chk-1",
            new(new(1), [], [new(OperatorId.FromName("totals"), 1, 4, [new(0) { ManagedKeyed = handle }])]),
            new(CheckpointKind.Checkpoint, CheckpointRetention.Always));
        return (new()
        {
            Job = "job",
            JobUid = Guid.Empty,
            LineageId = Guid.Empty,
            Epoch = 1,
            Holder = "test",
            NextId = 20,
            FirstIdOfEpoch = 2,
            Retained = [new(new(1), "job/chk-1", CheckpointKind.Checkpoint, 1, ContentDigest.Of([1]))],
            Token = Guid.Empty,
        }, checkpoint);
    }
}
