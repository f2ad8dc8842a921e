using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Diagnostics;
using Checkpointing.StateHandles;
using Checkpointing.Storage.InMemory;
using Microsoft.Extensions.Logging;

namespace Checkpointing.Tests.Coordination;

/// <summary>What stays in the list, what stays when the job ends, and what the log says of it.</summary>
public sealed class RetentionTests
{
    private readonly InMemoryCheckpointStorage _storage = new();
    private readonly InMemoryCheckpointRegister _register = new();

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1_001)]
    public void Build_RetentionOutOfRange_IsRefusedAndNamed(int retained) =>
        FluentActions.Invoking(() => NewCluster(1, new() { MaxRetainedCheckpoints = retained })).Should()
            .Throw<ArgumentOutOfRangeException>().WithMessage("MaxRetainedCheckpoints*1 to 1,000*");

    // The table of docs: which retained checkpoints stay after which end.
    [Theory]
    [InlineData(CheckpointRetention.OnFailure, JobTermination.Finished, false)]
    [InlineData(CheckpointRetention.OnFailure, JobTermination.Cancelled, false)]
    [InlineData(CheckpointRetention.OnFailure, JobTermination.Failed, true)]
    [InlineData(CheckpointRetention.OnFailure, JobTermination.Suspended, true)]
    [InlineData(CheckpointRetention.OnCancellation, JobTermination.Finished, false)]
    [InlineData(CheckpointRetention.OnCancellation, JobTermination.Cancelled, true)]
    [InlineData(CheckpointRetention.OnCancellation, JobTermination.Failed, true)]
    [InlineData(CheckpointRetention.OnCancellation, JobTermination.Suspended, true)]
    [InlineData(CheckpointRetention.Always, JobTermination.Finished, true)]
    [InlineData(CheckpointRetention.Always, JobTermination.Cancelled, true)]
    [InlineData(CheckpointRetention.Always, JobTermination.Failed, true)]
    [InlineData(CheckpointRetention.Always, JobTermination.Suspended, true)]
    public void EndAsync_ByTerminationAndRetention_KeepsOrDropsAll(
        CheckpointRetention retention, JobTermination termination, bool stay)
    {
        var cluster = NewCluster(1, new() { Retention = retention, MaxRetainedCheckpoints = 2 });
        cluster.Start();
        for (var i = 0; i < 3; i++)
        {
            cluster.Work();
            cluster.Checkpoint();
        }

        cluster.Run(cluster.Coordinator.EndAsync(termination));

        StoredState.RegisterOf(_register, "job").Retained.Select(static r => r.Id.Value).Should()
            .Equal(stay ? [2, 3] : []);
        StoredState.MissingFiles(_storage, _register, "job").Should().BeEmpty();
        StoredState.Orphans(_storage, _register, "job").Should().BeEmpty();
        FluentActions.Invoking(() => cluster.Checkpoint()).Should().Throw<CheckpointDeclinedException>();
    }

    [Fact]
    public void Savepoints_AreListedNowhereAndPushNothingOut()
    {
        var cluster = NewCluster(1, new() { MaxRetainedCheckpoints = 1 });
        cluster.Start();
        cluster.Work();
        var checkpoint = cluster.Checkpoint();
        for (var i = 0; i < 3; i++)
        {
            cluster.Run(cluster.Coordinator.TriggerAsync(CheckpointRequest.SavepointTo("saved")));
        }

        StoredState.RegisterOf(_register, "job").Retained.Should().ContainSingle().Which.Path.Should()
            .Be(checkpoint.Path);
        cluster.Coordinator.LatestCompleted!.Path.Should().Be(checkpoint.Path);
        NewCluster(2, new()).Start()!.Checkpoint.Path.Should().Be(checkpoint.Path);
    }

    // The next attempt's registry knew nothing of what the list had left, so a reader's files were deleted under it.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void PinnedCheckpoint_ItsOwnerStartsAgain_KeepsItsFilesUntilThePinGoes(bool inAnotherProcess)
    {
        var owner = NewCluster(1, new());
        owner.Start();
        for (var i = 0; i < 3; i++)
        {
            Work(owner, compact: false);
        }

        var pinned = owner.Checkpoint();
        var needed = CheckpointReference.AllFiles(pinned).ToList();
        var reader = new SimulatedCluster(_storage, _register, "reader", 2);
        reader.Start(pinned.Path);
        Work(owner, compact: true);
        owner.Checkpoint();
        owner.RunUntilQuiet();

        owner = inAnotherProcess ? NewCluster(3, new()) : owner;
        owner.Start();
        for (var i = 0; i < 3; i++)
        {
            // What the pinned one shares with those after it leaves the list, too.
            Work(owner, compact: true);
            owner.Checkpoint();
            owner.RunUntilQuiet();
        }

        StoredState.FilesBelow(_storage, "job").Should().Contain(needed);
        reader.Checkpoint();
        reader.RunUntilQuiet();
        Work(owner, compact: false);
        owner.Checkpoint();
        owner.Run(owner.Coordinator.EndAsync(JobTermination.Suspended));
        StoredState.Orphans(_storage, _register, "job").Should().BeEmpty("the reader stands on its own feet");
    }

    // A look at the pins that had read the reader's record came back after the last checkpoint of the owner had ended,
    // and nobody looked again.
    [Fact]
    public void PinnedCheckpoint_ThePinGoesWhileItIsLookedAt_LetsGoOnceACheckpointEnded()
    {
        var register = new ReadRegister(_register);
        var owner = new SimulatedCluster(_storage, register, "job", 1);
        owner.Start();
        Work(owner, compact: false);
        var pinned = owner.Checkpoint();
        var reader = new SimulatedCluster(_storage, _register, "reader", 2);
        reader.Start(pinned.Path);
        var seen = 0;
        register.Read = job =>
        {
            if (job.Name == "reader" && seen++ == 0)
            {
                reader.Checkpoint();
                reader.Run(reader.Coordinator.EndAsync(JobTermination.Suspended));
                owner.Checkpoint();
            }
        };

        Work(owner, compact: true);
        owner.Checkpoint();
        owner.Run(owner.Coordinator.EndAsync(JobTermination.Suspended));
        seen.Should().Be(1, "it was looked at while it was there");
        StoredState.Orphans(_storage, _register, "job").Should().BeEmpty("the reader has let go");
    }

    // Between the two a claim took the list and left the pin, which nobody cleared any more.
    [Fact]
    public void PinnedCheckpoint_TheReadersFirstCheckpoint_ReplacesThePinInOneChange()
    {
        var owner = NewCluster(1, new());
        owner.Start();
        Work(owner, compact: false);
        var pinned = owner.Checkpoint();
        var register = new ReadRegister(_register);
        var reader = new SimulatedCluster(_storage, register, "reader", 2);
        var (withPin, withCheckpoint) = (0, 0);
        register.Replaced = job =>
        {
            var record = StoredState.RegisterOf(_register, job.Name);
            (withPin, withCheckpoint) = (withPin + record.Pins.Count, withCheckpoint + record.Retained.Count);
            (record.Pins.Count * record.Retained.Count).Should().Be(0, "it needs the one or the other");
        };

        reader.Start(pinned.Path);
        reader.Checkpoint();
        reader.Run(reader.Coordinator.EndAsync(JobTermination.Suspended));
        withPin.Should().BePositive();
        withCheckpoint.Should().BePositive();
        StoredState.FilesBelow(_storage, pinned.Path).Should().NotContain(path => CheckpointPins.IsPin(path));
    }

    [Fact]
    public void Add_OldestReadableGoFirst_UnreadableAndTheNewestStay()
    {
        var list = new[] { Entry(1, "job"), Entry(2, "job"), Entry(3, "job") }.ToValueList();

        RetentionPolicy.Add(list, Entry(4, "job"), new HashSet<string> { "job/chk-1" }, 1)
            .Select(static r => r.Id.Value).Should().Equal(1, 4);
        RetentionPolicy.Add(list, Entry(4, "job"), new HashSet<string>(), 3)
            .Select(static r => r.Id.Value).Should().Equal(2, 3, 4);
        RetentionPolicy.Add(list, Entry(4, "job"), new HashSet<string>(), 1)
            .Select(static r => r.Id.Value).Should().Equal(4);
    }

    // A claimed checkpoint keeps its id, and ours may have the same: both were dropped for one.
    [Fact]
    public void Add_ClaimedCheckpointWithTheIdOfOurs_OnlyOneGoes()
    {
        var list = new[] { Entry(5, "job"), Entry(5, "claimed") }.ToValueList();

        RetentionPolicy.Add(list, Entry(9, "job"), new HashSet<string>(), 2)
            .Select(static r => r.Path).Should().Equal("claimed/chk-5", "job/chk-9");
        RetentionPolicy.Add(list, Entry(9, "job"), new HashSet<string> { "job/chk-5" }, 1)
            .Select(static r => r.Path).Should().Equal("job/chk-5", "job/chk-9");
    }

    [Fact]
    public void Log_AtTrace_TellsOfEveryOwnerGainedAndLostAndOfDeletions()
    {
        using var log = new RecordingLog(LogLevel.Trace);
        TakeTwoWithCompaction(log);

        log.Texts(CheckpointingEventIds.SharedStateRegistered).Should()
            .Contain(static text => text.Contains("checkpoint 1 of 'job'") && text.Contains("2 owners"));
        log.Texts(CheckpointingEventIds.SharedStateReleased).Should()
            .Contain(static text => text.Contains("checkpoint 1 of 'job'") && text.Contains("owners left"));
        log.Texts(CheckpointingEventIds.DeletionScheduled).Should()
            .Contain(static text => text.Contains("first 'job/chk-1/_metadata': checkpoint 1 was subsumed"));
    }

    [Fact]
    public void Log_AboveTrace_SaysNothingOfSingleFiles()
    {
        using var log = new RecordingLog(LogLevel.Debug);
        TakeTwoWithCompaction(log);

        log.Texts(CheckpointingEventIds.SharedStateRegistered).Should().BeEmpty();
        log.Texts(CheckpointingEventIds.SharedStateReleased).Should().BeEmpty();
        log.Texts(CheckpointingEventIds.DeletionScheduled).Should().NotBeEmpty();
    }

    private static RetainedCheckpoint Entry(long id, string job) =>
        new(new(id), $"{job}/chk-{id}", CheckpointKind.Checkpoint, 1, default);

    private static void Work(SimulatedCluster cluster, bool compact)
    {
        foreach (var task in cluster.Tasks)
        {
            task.Work(compact);
        }
    }

    private void TakeTwoWithCompaction(RecordingLog log)
    {
        var cluster = NewCluster(1, new(), log);

        // Its own registry comes with recovery.
        cluster.Start();
        cluster.Work();
        cluster.Checkpoint();
        cluster.Work();
        cluster.Checkpoint();
        cluster.RunUntilQuiet();
    }

    private SimulatedCluster NewCluster(int seed, CheckpointCoordinatorOptions options, ILoggerFactory? log = null) =>
        new(_storage, _register, "job", seed, options: options, log: log);

    /// <summary>Says what was read or replaced, before the answer is used.</summary>
    private sealed class ReadRegister(ICheckpointRegister inner) : ICheckpointRegister
    {
        public Action<JobId>? Read { get; set; }

        public Action<JobId>? Replaced { get; set; }

        public string Description => inner.Description;

        public async ValueTask<RegisterEntry?> ReadAsync(JobId job, CancellationToken cancellationToken)
        {
            var entry = await inner.ReadAsync(job, cancellationToken);
            Read?.Invoke(job);
            return entry;
        }

        public async ValueTask<RegisterReplacement> TryReplaceAsync(
            JobId job, long expectedVersion, ReadOnlyMemory<byte> record, CancellationToken cancellationToken)
        {
            var outcome = await inner.TryReplaceAsync(job, expectedVersion, record, cancellationToken);
            Replaced?.Invoke(job);
            return outcome;
        }
    }
}
