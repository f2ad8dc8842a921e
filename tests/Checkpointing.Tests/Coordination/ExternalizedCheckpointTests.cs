using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.SharedState;
using Checkpointing.Storage.InMemory;

namespace Checkpointing.Tests.Coordination;

/// <summary>Starting from a retained checkpoint: of the same job, of another with a claim, of another
/// without.</summary>
public sealed class ExternalizedCheckpointTests
{
    private readonly InMemoryCheckpointStorage _storage = new();
    private readonly InMemoryCheckpointRegister _register = new();

    // FLINK-6964: the restored task refers to the files it was restored from, and the new registry must know them.
    [Theory]
    [InlineData(null)]
    [InlineData(ClaimMode.Claim)]
    public void FirstIncrementalCheckpoint_SharedStateNotRegistered_FailsWithUnknownSharedState(ClaimMode? claim)
    {
        var resumed = Resume(claim, ProtocolBreach.ListWithoutRegistering, out _);

        var trigger = () => resumed.Checkpoint();

        var thrown = trigger.Should().Throw<CheckpointDeclinedException>().Which;
        thrown.Reason.Should().Be(CheckpointFailureReason.UnknownSharedState);
        thrown.Message.Should().Contain("unknown shared state");
        thrown.InnerException.Should().BeOfType<UnknownSharedStateException>();
    }

    [Theory]
    [InlineData(null)]
    [InlineData(ClaimMode.Claim)]
    public void FirstIncrementalCheckpoint_SharedStateRegistered_UsesTheFilesAgain(ClaimMode? claim)
    {
        var resumed = Resume(claim, ProtocolBreach.None, out var from);

        var completed = resumed.Checkpoint();
        resumed.RunUntilQuiet();

        completed.Cost.ReusedFiles.Should().BePositive();
        completed.Id.Value.Should().BeGreaterThan(from.Id.Value);
        StoredState.MissingFiles(_storage, _register, claim is null ? "old" : "new").Should().BeEmpty();
    }

    [Fact]
    public void FirstIncrementalCheckpoint_AfterUnknownSharedState_TheNextOneSendsEverythingAndCompletes()
    {
        var resumed = Resume(null, ProtocolBreach.ListWithoutRegistering, out _);
        FluentActions.Invoking(() => resumed.Checkpoint()).Should().Throw<CheckpointDeclinedException>();

        var completed = resumed.Checkpoint();

        resumed.Trace.Should().Contain(line => line.StartsWith($"trigger {completed.Id} ") && line.EndsWith("base "));
    }

    [Fact]
    public void NoClaim_FirstCheckpoint_StandsOnItsOwnAndLeavesTheOldJobAlone()
    {
        var resumed = Resume(ClaimMode.NoClaim, ProtocolBreach.None, out var from);
        var oldFiles = StoredState.FilesBelow(_storage, "old");
        oldFiles.Should().Contain(path => path.Contains("/pins/"));

        var completed = resumed.Checkpoint();
        resumed.RunUntilQuiet();

        completed.Cost.ReusedFiles.Should().BePositive("links on the storage side");
        StoredState.FilesBelow(_storage, "old").Should()
            .Equal(oldFiles.Where(path => !path.Contains("/pins/")), "the pin is gone, nothing else");
        StoredState.RegisterOf(_register, "old").Retained.Should().ContainSingle().Which.Path.Should().Be(from.Path);
        foreach (var file in StoredState.FilesBelow(_storage, "old"))
        {
            _storage.DeleteAsync(file, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        }

        StoredState.MissingFiles(_storage, _register, "new").Should().BeEmpty();
        resumed.Work();
        resumed.Checkpoint().Cost.ReusedFiles.Should().BePositive();
    }

    [Fact]
    public void NoClaim_OldJobGoesOn_KeepsPinnedFilesUntilTheNewJobStandsOnItsOwn()
    {
        var old = NewCluster("old", 30);
        old.Start();
        old.Work();
        var from = old.Checkpoint();
        old.RunUntilQuiet();
        var resumed = NewCluster("new", 31);
        resumed.Start(from.Path)!.IsForeign.Should().BeTrue();

        old.Work();
        old.Checkpoint();
        old.RunUntilQuiet();
        StoredState.FilesBelow(_storage, from.Path).Should().Contain(from.MetadataPath, "it is pinned");
        resumed.Checkpoint();
        resumed.RunUntilQuiet();
        old.Work();
        old.Checkpoint();
        old.RunUntilQuiet();

        StoredState.FilesBelow(_storage, from.Path).Should().BeEmpty("the pin is gone");
        StoredState.MissingFiles(_storage, _register, "new").Should().BeEmpty();
        StoredState.Orphans(_storage, _register, "old").Should().BeEmpty();
    }

    [Fact]
    public void Claim_OldCoordinatorStillRuns_IsFencedAndItsFilesAreSubsumedByTheClaimant()
    {
        var old = NewCluster("old", 32);
        old.Start();
        old.Work();
        var from = old.Checkpoint();
        old.RunUntilQuiet();
        var claimant = NewCluster("new", 33);
        claimant.Start(from.Path, ClaimMode.Claim)!.IsForeign.Should().BeFalse();

        old.Work();
        FluentActions.Invoking(() => old.Checkpoint()).Should().Throw<CoordinatorFencedException>();
        claimant.Work();
        claimant.Checkpoint();
        claimant.RunUntilQuiet();

        StoredState.FilesBelow(_storage, from.Path).Should().BeEmpty("it was subsumed by its new owner");
        StoredState.MissingFiles(_storage, _register, "new").Should().BeEmpty();
    }

    [Fact]
    public void Claim_ASecondTime_IsRefusedWithTheOwnersName()
    {
        _ = Resume(ClaimMode.Claim, ProtocolBreach.None, out var from);

        var second = NewCluster("third", 34);
        var claim = () => second.Start(from.Path, ClaimMode.Claim);

        claim.Should().Throw<CheckpointClaimedException>().Which.Owner.Should().Be("new");
    }

    [Fact]
    public void Claim_OldJobStartsAgain_SweepsNothingThatTheClaimantNeeds()
    {
        var claimant = Resume(ClaimMode.Claim, ProtocolBreach.None, out _);
        claimant.Work();
        claimant.Checkpoint();
        claimant.RunUntilQuiet();

        var old = NewCluster("old", 35);
        old.Start().Should().BeNull("its checkpoints were claimed");
        old.Work();
        old.Checkpoint();
        old.RunUntilQuiet();

        StoredState.MissingFiles(_storage, _register, "new").Should().BeEmpty();
        claimant.Work();
        claimant.Checkpoint().Cost.ReusedFiles.Should().BePositive();
    }

    [Fact]
    public void Resume_AtAnotherParallelism_GivesEveryKeyGroupOnce()
    {
        var old = NewCluster("old", 36);
        old.Start();
        old.Work();
        var from = old.Checkpoint();

        var wider = new SimulatedCluster(_storage, _register, "new", 37, parallelism: 5);
        var restored = wider.Start(from.Path)!;

        wider.Coordinator.Subtasks.Should().HaveCount(5);
        wider.Coordinator.Subtasks.Should().OnlyContain(subtask => restored.StateOf(subtask).Keyed.Count >= 1);
        wider.Checkpoint();
        wider.RunUntilQuiet();
        StoredState.MissingFiles(_storage, _register, "new").Should().BeEmpty();
    }

    /// <summary>Runs job "old", takes two checkpoints, ends it, and starts what resumes: the same job (null), or
    /// "new".</summary>
    private SimulatedCluster Resume(ClaimMode? claim, ProtocolBreach breach, out CompletedCheckpoint from)
    {
        var old = NewCluster("old", 38);
        old.Start();
        old.Work();
        old.Checkpoint();
        old.Work();
        from = old.Checkpoint();
        old.Run(old.Coordinator.EndAsync(JobTermination.Cancelled));

        var resumed = new SimulatedCluster(_storage, _register, claim is null ? "old" : "new", 39, breach: breach);
        resumed.Start(claim is null ? null : from.Path, claim ?? ClaimMode.NoClaim).Should().NotBeNull();
        return resumed;
    }

    private SimulatedCluster NewCluster(string job, int seed) => new(_storage, _register, job, seed);
}
