using Checkpointing.CompletedCheckpoints;
using Checkpointing.KeyGroups;
using Checkpointing.Metadata;
using Checkpointing.StateHandles;
using Checkpointing.Storage.InMemory;

namespace Checkpointing.Tests.CompletedCheckpoints;

/// <summary>Every place of a checkpoint that can name a file: what is missed here is never swept, or swept too
/// early.</summary>
public sealed class CheckpointReferenceTests
{
    private static readonly KeyGroupRange s_range = KeyGroupRange.All(8);

    private static readonly string[] s_exclusive =
        ["meta", "private", "full", "managed operator", "raw operator", "legacy", "raw meta", "raw private"];

    private static readonly string[] s_shared = ["shared", "raw shared"];

    [Fact]
    public void ExclusiveFiles_EveryPlace_MetadataFirst() =>
        CheckpointReference.ExclusiveFiles(Make()).Should().BeEquivalentTo(s_exclusive.Prepend("job/chk-1/_metadata"))
            .And.StartWith("job/chk-1/_metadata");

    [Fact]
    public void AllFiles_EveryPlace_SharedLast() =>
        CheckpointReference.AllFiles(Make()).Should()
            .BeEquivalentTo(s_exclusive.Concat(s_shared).Prepend("job/chk-1/_metadata"))
            .And.StartWith("job/chk-1/_metadata").And.EndWith(s_shared);

    [Fact]
    public void ExclusiveFiles_RelativeFiles_OnlyWithTheFolderThatTheyAreIn()
    {
        var handle = new KeyGroupsStateHandle(s_range, [], new RelativeFileStateHandle("one", 1));

        CheckpointReference.ExclusiveFiles(handle).Should().BeEmpty();
        CheckpointReference.ExclusiveFiles(handle, "saved").Should().Equal("saved/one");
    }

    [Fact]
    public async Task Scrub_EveryPlace_IsRead()
    {
        var scrub = new CheckpointScrub(new InMemoryCheckpointStorage(), static () => [Make()], new(1 << 30));

        var report = await scrub.RunPassAsync(cancellationToken: TestContext.Current.CancellationToken);

        report.Problems.Select(static problem => problem.Path).Should()
            .BeEquivalentTo(CheckpointReference.AllFiles(Make()));
    }

    private static CompletedCheckpoint Make()
    {
        var first = new SubtaskCheckpoint(0)
        {
            ManagedKeyed = Incremental(""),
            RawKeyed = new KeyGroupsStateHandle(s_range, [], File("full")),
            ManagedOperator = new([], File("managed operator")),
            RawOperator = new([], File("raw operator")),
            Legacy = File("legacy"),
        };
        var second = new SubtaskCheckpoint(1)
        {
            ManagedKeyed = new KeyGroupsStateHandle(s_range, [], new ByteStreamStateHandle("inline", [1])),
            RawKeyed = Incremental("raw "),
        };
        var metadata = new CheckpointMetadata(
            new(1), [], [new(OperatorId.FromName("a"), 2, 8, [first, new(7), second])]);
        return new("job", new(1), "job/chk-1", metadata, new(CheckpointKind.Checkpoint, CheckpointRetention.Always));
    }

    private static IncrementalKeyedStateHandle Incremental(string prefix) => new(
        Guid.Empty, s_range, new(1), [new StateFile("1.sst", File($"{prefix}shared"))],
        [new StateFile("OPTIONS", File($"{prefix}private"))], File($"{prefix}meta"));

    private static FileStateHandle File(string path) => new(path, 1);
}
