using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.KeyGroups;
using Checkpointing.Metadata;
using Checkpointing.StateHandles;
using Checkpointing.Storage;
using Checkpointing.Storage.InMemory;

namespace Checkpointing.Tests.Coordination;

/// <summary>Metadata may be anybody's: nothing is deleted because it says so.</summary>
public sealed class ForeignFilesTests
{
    private const string Savepoint = "savepoints/savepoint-x";

    private readonly InMemoryCheckpointStorage _storage = new();
    private readonly InMemoryCheckpointRegister _register = new();

    public enum Named
    {
        ExclusiveFile,
        SharedFile,
        OwnExclusiveFileAsShared,
    }

    [Theory]
    [InlineData(Named.ExclusiveFile)]
    [InlineData(Named.SharedFile)]
    [InlineData(Named.OwnExclusiveFileAsShared)]
    public void Claim_SavepointNamesAnotherJobsFile_IsRefusedBeforeAnythingChanges(Named named)
    {
        var before = MakeVictims(out var victim, out var own);
        Write(Savepoint, FileNamed(named, victim, own));
        var claimant = NewCluster("own", 50);
        claimant.Run(claimant.Coordinator.RecoverAsync());

        var claim = () => claimant.Run(
            claimant.Coordinator.ResumeAsync(Savepoint, new() { ClaimMode = ClaimMode.Claim }));

        claim.Should().Throw<ForeignPathException>().WithMessage("*names*outside*");
        StoredState.FilesBelow(_storage, "").Should().Contain(before).And.NotContain($"{Savepoint}/claimed-by");
        StoredState.RegisterOf(_register, "own").Retained.Should().NotContain(r => r.Path == Savepoint);
    }

    // The register may have been written by an older version, or by hand: the deletion itself looks again.
    [Theory]
    [InlineData(Named.ExclusiveFile)]
    [InlineData(Named.SharedFile)]
    [InlineData(Named.OwnExclusiveFileAsShared)]
    public void Subsume_ClaimedSavepointNamesAnotherJobsFile_DeletesNothingOfIt(Named named)
    {
        var before = MakeVictims(out var victim, out var own);
        Write(Savepoint, FileNamed(named, victim, own), id: 0);
        List(Savepoint, "own");
        var job = new SimulatedCluster(
            _storage, _register, "own", 51, options: new() { MaxRetainedCheckpoints = 2 });
        job.Start()!.Checkpoint.Id.Value.Should().Be(1);

        job.Work();
        job.Checkpoint();
        job.RunUntilQuiet();

        StoredState.RegisterOf(_register, "own").Retained.Should().NotContain(r => r.Path == Savepoint);
        StoredState.FilesBelow(_storage, Savepoint).Should().BeEmpty("it was subsumed, and its own files go");
        StoredState.FilesBelow(_storage, "").Should().Contain(before);
    }

    [Theory]
    [InlineData("../../old/chk-1/x", "leaves its folder by '..'")]
    [InlineData("old/../own/x", "leaves its folder by '..'")]
    [InlineData("/etc/passwd", "lies outside")]
    [InlineData("file:/etc/passwd", "lies outside")]
    [InlineData("s3://bucket/x", "lies outside")]
    [InlineData("own//x", "has not the form")]
    [InlineData("own\\x", "has not the form")]
    public void Load_PathLeavesTheStorage_IsRefusedWithOwnerAndReason(string path, string reason)
    {
        Write(Savepoint, new FileStateHandle(path, 100));

        var load = () => CheckpointLoader.LoadAsync(_storage, Savepoint, CancellationToken.None).AsTask().GetAwaiter()
            .GetResult();

        load.Should().Throw<ForeignPathException>()
            .WithMessage($"'{Savepoint}/_metadata' names '{path}' (operator 'totals', subtask 0, keyed state, "
                + $"shared file '000001.sst'), which {reason}*");
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("a/../../x")]
    public void Load_RelativeHandleLeavesItsFolder_IsNeverResolved(string path)
    {
        Write(Savepoint, new RelativeFileStateHandle("inside", 100));
        var bytes = _storage.ReadAllAsync($"{Savepoint}/_metadata", 10_000, CancellationToken.None).AsTask()
            .GetAwaiter().GetResult();
        CheckpointLoader.LoadAsync(_storage, Savepoint, CancellationToken.None).AsTask().GetAwaiter().GetResult()
            .Metadata.Operators[0].Subtasks[0].ManagedKeyed.Should().BeOfType<IncrementalKeyedStateHandle>().Which
            .SharedFiles[0].Handle.Should().Be(new FileStateHandle($"{Savepoint}/inside", 100));
        bytes.Should().NotBeEmpty();

        // Our own writer refuses such a handle, and so does our reader.
        var write = () => Write("savepoints/other", new RelativeFileStateHandle(path, 100));

        write.Should().Throw<CheckpointingException>();
    }

    [Fact]
    public void Claim_SavepointInTheStoragesRoot_IsRefused()
    {
        Write("", new FileStateHandle("x", 100));
        var claimant = NewCluster("own", 52);
        claimant.Run(claimant.Coordinator.RecoverAsync());

        var claim = () => claimant.Run(
            claimant.Coordinator.ResumeAsync("_metadata", new() { ClaimMode = ClaimMode.Claim }));

        claim.Should().Throw<ForeignPathException>().WithMessage("*folder of its own*");
    }

    [Fact]
    public void Claim_SavepointInAJobsFolder_IsRefused()
    {
        MakeVictims(out _, out _);
        Write("old", new FileStateHandle("old/chk-1/x", 100));
        var claimant = NewCluster("own", 53);
        claimant.Run(claimant.Coordinator.RecoverAsync());

        var claim = () => claimant.Run(
            claimant.Coordinator.ResumeAsync("old", new() { ClaimMode = ClaimMode.Claim }));

        claim.Should().Throw<ForeignPathException>().WithMessage("*folder of its own*");
    }

    [Fact]
    public void ClaimedSavepoint_FilesThatLaterCheckpointsUse_GoWhenNobodyNeedsThemAfterARestartToo()
    {
        var file = $"{Savepoint}/1-0-{Guid.Empty:N}";
        Create(file);
        Write(Savepoint, new RelativeFileStateHandle(file[(Savepoint.Length + 1)..], 100));
        var first = NewCluster("own", 54);
        first.Start(Savepoint, ClaimMode.Claim);
        first.Checkpoint();
        first.RunUntilQuiet();
        StoredState.FilesBelow(_storage, Savepoint).Should().Contain(file, "the job's checkpoint uses it");
        StoredState.MissingFiles(_storage, _register, "own").Should().BeEmpty();

        var second = NewCluster("own", 55);
        second.Start();
        for (var i = 0; i < 20; i++)
        {
            second.Work();
            second.Checkpoint();
            second.RunUntilQuiet();
        }

        // What subtasks have uploaded since is theirs until their attempt is over.
        second.Run(second.Coordinator.EndAsync(JobTermination.Suspended));
        StoredState.FilesBelow(_storage, Savepoint).Should().Equal($"{Savepoint}/claimed-by");
        StoredState.MissingFiles(_storage, _register, "own").Should().BeEmpty();
        StoredState.Orphans(_storage, _register, "own").Should().BeEmpty();
    }

    [Fact]
    public void Claim_OfAJobThatHadClaimedAnother_OwnsTheFilesOfBoth()
    {
        var oldest = NewCluster("oldest", 56);
        oldest.Start();
        oldest.Work();
        var from = oldest.Checkpoint();
        var middle = NewCluster("middle", 57);
        middle.Start(from.Path, ClaimMode.Claim);
        from = middle.Checkpoint();
        middle.RunUntilQuiet();
        from.Cost.ReusedFiles.Should().BePositive("its checkpoint refers to files of the oldest job");
        var newest = NewCluster("newest", 58);
        newest.Start(from.Path, ClaimMode.Claim);

        for (var i = 0; i < 20; i++)
        {
            newest.Work();
            newest.Checkpoint();
            newest.RunUntilQuiet();
        }

        StoredState.RegisterOf(_register, "newest").Claims.Should().Equal("middle", "oldest");
        StoredState.FilesBelow(_storage, "oldest").Should().BeEmpty("nobody needs them any more");
        StoredState.FilesBelow(_storage, "middle").Should().BeEmpty();
        StoredState.MissingFiles(_storage, _register, "newest").Should().BeEmpty();
    }

    [Fact]
    public void Claim_OfAJobThatHadClaimedAnother_OldestStartsAgain_SweepsNothingThatTheNewestNeeds()
    {
        var oldest = NewCluster("oldest", 62);
        oldest.Start();
        oldest.Work();
        var from = oldest.Checkpoint();
        var middle = NewCluster("middle", 63);
        middle.Start(from.Path, ClaimMode.Claim);
        from = middle.Checkpoint();
        middle.RunUntilQuiet();
        NewCluster("newest", 64).Start(from.Path, ClaimMode.Claim);

        NewCluster("oldest", 65).Start().Should().BeNull("its checkpoints were claimed");

        StoredState.MissingFiles(_storage, _register, "newest").Should().BeEmpty();
    }

    /// <summary>Jobs "old" and "own", each with a retained checkpoint.</summary>
    private List<string> MakeVictims(out Victim victim, out Victim own)
    {
        victim = MakeVictim("old", 60);
        own = MakeVictim("own", 61);
        return [.. StoredState.FilesBelow(_storage, "old"), .. StoredState.FilesBelow(_storage, "own")];
    }

    private Victim MakeVictim(string name, int seed)
    {
        var job = NewCluster(name, seed);
        job.Start();
        job.Work();
        var checkpoint = job.Checkpoint();
        job.RunUntilQuiet();
        var keyed = (IncrementalKeyedStateHandle)checkpoint.Metadata.Operators[0].Subtasks[0].ManagedKeyed!;
        return new(
            ((FileStateHandle)keyed.MetaFile).Path, ((FileStateHandle)keyed.SharedFiles[0].Handle).Path);
    }

    private static FileStateHandle FileNamed(Named named, Victim victim, Victim own) => new(
        named switch
        {
            Named.ExclusiveFile => victim.MetaPath,
            Named.SharedFile => victim.SharedPath,
            _ => own.MetaPath,
        },
        100);

    /// <summary>A savepoint whose shared file is this one; its meta file too where that is a plain file.</summary>
    private void Write(string folder, StreamStateHandle file, long id = 40)
    {
        var subtasks = Enumerable.Range(0, 2).Select(index => new SubtaskCheckpoint(index)
        {
            ManagedKeyed = new IncrementalKeyedStateHandle(
                new Guid(index, 1, 2, new byte[8]),
                KeyGroupAssignment.RangeOf(index, 2, 16),
                new(id),
                index == 0 ? [new StateFile("000001.sst", file)] : [],
                index == 0 && file is FileStateHandle ? [new StateFile("CURRENT", file)] : [],
                new ByteStreamStateHandle("meta", [1])),
        });
        var metadata = new CheckpointMetadata(
            new(id), [], [new(OperatorId.FromName("totals"), 2, 16, subtasks.ToValueList()) { Name = "totals" }])
        {
            Info = new(
                "stranger", Guid.Empty, Guid.Empty, 1, new(CheckpointKind.Savepoint, CheckpointRetention.Always),
                DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, []),
        };
        Create(
            StoragePath.Combine(folder, "_metadata"),
            CheckpointMetadataSerializer.Write(metadata, MetadataFormat.NativeV1));
    }

    /// <summary>Puts a savepoint into a job's register, as a claim does.</summary>
    private void List(string folder, string job)
    {
        var bytes = _storage.ReadAllAsync($"{folder}/_metadata", 100_000, CancellationToken.None).AsTask().GetAwaiter()
            .GetResult();
        var retained = new RetainedCheckpoint(
            new(0), folder, CheckpointKind.Savepoint, bytes.Length, ContentDigest.Of(bytes));
        _ = new RegisterSession(_register, job).UpdateAsync(
            record => record! with
            {
                Retained = [retained, .. record.Retained],
                Token = Guid.NewGuid(),
            },
            CancellationToken.None).AsTask().GetAwaiter().GetResult();
    }

    private void Create(string path, byte[]? content = null) =>
        _storage.CreateAllAsync(path, content ?? new byte[100], CancellationToken.None).AsTask().GetAwaiter()
            .GetResult();

    private SimulatedCluster NewCluster(string job, int seed) => new(_storage, _register, job, seed);

    private sealed record Victim(string MetaPath, string SharedPath);
}
