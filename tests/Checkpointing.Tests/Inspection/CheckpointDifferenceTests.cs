using Checkpointing.Inspection;
using Checkpointing.Metadata;
using Checkpointing.StateHandles;
using Checkpointing.Storage.InMemory;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.Tests.Coordination;

namespace Checkpointing.Tests.Inspection;

public sealed class CheckpointDifferenceTests
{
    private static readonly StateDescription s_total = new(
        "total", StateKind.Value, new("string", 1), null, null, new("int64", 1));

    [Fact]
    public void Between_TwoCheckpointsOfAJob_TellsFilesApart()
    {
        var storage = new InMemoryCheckpointStorage();
        var cluster = new SimulatedCluster(
            storage, new StorageCheckpointRegister(storage), "job", 5, options: new() { MaxRetainedCheckpoints = 3 });
        cluster.Start();
        cluster.Work();
        var first = cluster.Checkpoint();
        cluster.Work();
        var second = cluster.Checkpoint();

        var difference = CheckpointDifference.Between(first.Metadata, first.Path, second.Metadata, second.Path);

        var (before, after) = (PathsOf(first), PathsOf(second));
        difference.Added.Select(static file => file.Path).Should().BeEquivalentTo(after.Except(before));
        difference.Dropped.Select(static file => file.Path).Should().BeEquivalentTo(before.Except(after));
        difference.Common.Select(static file => file.Path).Should().BeEquivalentTo(before.Intersect(after));
        difference.Common.Should().NotBeEmpty()
            .And.OnlyContain(static file => file.Scope == CheckpointFileScope.Shared);
        difference.IsEmpty.Should().BeFalse();
        CheckpointDifference.Between(first.Metadata, first.Path, first.Metadata, first.Path).IsEmpty.Should().BeTrue();
    }

    [Fact]
    public void Between_StatesAndParallelismChanged_SaysHow()
    {
        var first = MetadataOf(2, s_total, s_total with { Name = "old" });
        var second = MetadataOf(
            3, s_total with { Value = new("int64", 2) }, s_total with { Name = "new", Kind = StateKind.List });

        var op = CheckpointDifference.Between(first, "a", second, "b").Operators.Should().ContainSingle().Subject;

        op.Should().Be(new OperatorDifference("totals", 2, 3, ["new"], ["old"], ["total"]));
    }

    private static CheckpointMetadata MetadataOf(int parallelism, params StateDescription[] states) => new(
        new(1), [], [
            new OperatorCheckpoint(OperatorId.FromName("totals"), parallelism, 128, [])
            {
                Name = "totals", States = [.. states],
            }]);

    private static List<string> PathsOf(CompletedCheckpoint one) =>
        [.. CheckpointFile.Of(one.Metadata, one.Path).Select(static file => file.Path)];
}
