using System.Text;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.KeyGroups;
using Checkpointing.Metadata;
using Checkpointing.StateHandles;
using Checkpointing.Storage;
using Checkpointing.Storage.InMemory;
using Checkpointing.Testing.Faults;

namespace Checkpointing.Tests.CompletedCheckpoints;

/// <summary>In which folders the job "job", which has claimed the job "old", may delete.</summary>
public sealed class OwnedFoldersTests
{
    private readonly InMemoryCheckpointStorage _storage = new();

    [Theory]
    [InlineData("job/shared/b/1", true)]
    [InlineData("old/shared/b/1", true)]
    [InlineData("other/shared/b/1", false)]
    [InlineData("job2/shared/b/1", false)]
    [InlineData("job/chk-1/1", false)]
    [InlineData("job/1", false)]
    [InlineData("job/shared", false)]
    [InlineData("1", false)]
    [InlineData("saved/listed/1", true)]
    [InlineData("saved/listed/deep/1", true)]
    [InlineData("saved/listed2/1", false)]
    [InlineData("saved/other/1", false)]
    public async Task OwnsShared_OneFile_OfItsJobsAndListedSavepointsOnly(string path, bool owns)
    {
        var record = Record() with
        {
            Retained =
            [
                Retained("saved/listed", CheckpointKind.Savepoint), Retained("job/chk-1", CheckpointKind.Checkpoint),
            ],
        };

        (await OwnedFolders.FindAsync(_storage, record, [], default)).OwnsShared(path).Should().Be(owns);
    }

    // A claimed savepoint that has left the list: its marker says whose it is.
    [Theory]
    [InlineData("job", true)]
    [InlineData("old", true)]
    [InlineData("other", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public async Task OwnsShared_AFileOfAFolderWithAMarker_OfItsJobsOnly(string? holder, bool owns)
    {
        if (holder is not null)
        {
            await _storage.WriteAllAsync(OwnedFolders.MarkerOf("saved/left"), Encoding.UTF8.GetBytes(holder), default);
        }

        var found = await OwnedFolders.FindAsync(
            _storage, Record(), [Checkpoint("job/chk-9", "saved/left/deep/1", "job/shared/b/1")], default);

        found.OwnsShared("saved/left/deep/1").Should().Be(owns);
        found.OwnsShared("saved/left/2").Should().Be(owns);
        found.OwnsShared("saved/2").Should().BeFalse();
        (await OwnedFolders.ReadMarkerAsync(_storage, "saved/left", default)).Should().Be(holder);
    }

    [Fact]
    public async Task OwnsShared_NoCheckpointNamesTheFolder_IsNotAsked()
    {
        await _storage.WriteAllAsync(OwnedFolders.MarkerOf("saved/left"), "job"u8.ToArray(), default);

        var found = await OwnedFolders.FindAsync(_storage, Record(), [Checkpoint("job/chk-9", "saved/x/1")], default);

        found.OwnsShared("saved/left/1").Should().BeFalse();
    }

    // A job's own folders are its own anyway, and the root is nobody's: no marker there is believed, or read.
    [Fact]
    public async Task FindAsync_MarkersWhereNoSavepointIs_AreNotRead()
    {
        foreach (var folder in new[] { "", "job/chk-9", "job" })
        {
            await _storage.WriteAllAsync(OwnedFolders.MarkerOf(folder), "job"u8.ToArray(), default);
        }

        var plan = new FaultPlan();
        var found = await OwnedFolders.FindAsync(
            new FaultyStorage(_storage, plan), Record(),
            [Checkpoint("job/chk-9", "job/chk-9/1", "saved/a/1", "saved/a/2", "saved/b/1")], default);

        found.OwnsShared("saved/a/1").Should().BeFalse();
        found.OwnsShared("job/chk-9/1").Should().BeFalse();
        plan.Log.Where(static at => at.Kind == StorageOperationKind.OpenRead).Select(static at => at.Path).Should()
            .BeEquivalentTo(
                [OwnedFolders.MarkerOf("saved/a"), OwnedFolders.MarkerOf("saved"), OwnedFolders.MarkerOf("saved/b")],
                "each folder is asked once");
    }

    [Fact]
    public async Task OwnsShared_TheMarkerCannotBeRead_IsNotOurs()
    {
        await _storage.WriteAllAsync(OwnedFolders.MarkerOf("saved/left"), "job"u8.ToArray(), default);
        var plan = new FaultPlan(static at =>
            at.Kind == StorageOperationKind.OpenRead ? FaultKind.Denied : FaultKind.None);

        var found = await OwnedFolders.FindAsync(
            new FaultyStorage(_storage, plan), Record(), [Checkpoint("job/chk-9", "saved/left/1")], default);

        found.OwnsShared("saved/left/1").Should().BeFalse();
    }

    [Fact]
    public async Task With_Others_OwnsBoth()
    {
        var ours = await OwnedFolders.FindAsync(
            _storage, Record() with { Retained = [Retained("saved/a", CheckpointKind.Savepoint)] }, [], default);
        var theirs = await OwnedFolders.FindAsync(
            _storage, Record() with { Job = "third", Retained = [Retained("saved/b", CheckpointKind.Savepoint)] }, [],
            default);
        var both = ours.With(theirs);

        string[] owned = ["job/shared/1", "old/shared/1", "third/shared/1", "saved/a/1", "saved/b/1"];
        owned.Should().OnlyContain(path => both.OwnsShared(path));
        ours.OwnsShared("third/shared/1").Should().BeFalse();
        ours.OwnsShared("saved/b/1").Should().BeFalse();
        theirs.OwnsShared("saved/a/1").Should().BeFalse();
    }

    [Theory]
    [InlineData("job/shared/b/1", true)]
    [InlineData("job/chk-1/1", true)]
    [InlineData("old/anything", true)]
    [InlineData("saved/listed/1", true)]
    [InlineData("other/shared/b/1", false)]
    [InlineData("saved/other/1", false)]
    [InlineData("1", false)]
    public async Task CheckAll_OneFile_HasToLieInTheseFolders(string path, bool lies)
    {
        var record = Record() with { Retained = [Retained("saved/listed", CheckpointKind.Savepoint)] };
        var found = await OwnedFolders.FindAsync(_storage, record, [], default);
        var check = () => found.CheckAll(Checkpoint("job/chk-1", "job/shared/b/2", path));

        if (lies)
        {
            check.Should().NotThrow();
        }
        else
        {
            check.Should().Throw<ForeignPathException>().WithMessage($"*{path}*");
        }
    }

    [Theory]
    [InlineData("saved/one", "saved/one/1", true)]
    [InlineData("one", "one/1", true)]
    [InlineData("job", "job/1", false)]
    [InlineData("saved/job", "saved/job/1", true)]
    [InlineData("", "1", false)]
    [InlineData("saved/one", "saved/two/1", false)]
    [InlineData("saved/one", "saved/one2/1", false)]
    public async Task CheckSavepointAsync_AFolder_IsOfTheSavepointAlone(string folder, string file, bool isAlone)
    {
        var check = async () => await OwnedFolders.CheckSavepointAsync(
            Checkpoint(folder, file), static name => ValueTask.FromResult(name == "job"));

        if (isAlone)
        {
            await check.Should().NotThrowAsync();
        }
        else
        {
            await check.Should().ThrowAsync<ForeignPathException>();
        }
    }

    private static RegisterRecord Record() => TestRecord.Of("job") with { Claims = ["old"] };

    private static RetainedCheckpoint Retained(string path, CheckpointKind kind) =>
        new(new(1), path, kind, 1, ContentDigest.Of([1]));

    private static CompletedCheckpoint Checkpoint(string folder, params IReadOnlyList<string> shared)
    {
        var range = KeyGroupRange.All(8);
        var keyed = new IncrementalKeyedStateHandle(
            Guid.Empty, range, new(9),
            shared.Select((path, i) => new StateFile($"{i}.sst", new FileStateHandle(path, 1))).ToValueList(), [],
            new FileStateHandle(StoragePath.Combine(folder, "meta"), 1));
        var metadata = new CheckpointMetadata(
            new(9), [], [new(OperatorId.FromName("a"), 1, 8, [new SubtaskCheckpoint(0) { ManagedKeyed = keyed }])]);
        return new("job", new(9), folder, metadata, new(CheckpointKind.Checkpoint, CheckpointRetention.Always));
    }
}
