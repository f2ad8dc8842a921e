using Checkpointing.Metadata;

namespace Checkpointing.Tests.Metadata;

public sealed class MetadataRulesTests
{
    [Theory]
    [InlineData("a", true)]
    [InlineData("a/b..c/..d", true)]
    [InlineData("", false)]
    [InlineData("/a", false)]
    [InlineData("..", false)]
    [InlineData("a/../b", false)]
    [InlineData("a/..", false)]
    public void IsRelativePath_Path_SaysWhetherItStaysBelow(string path, bool expected) =>
        MetadataRules.IsRelativePath(path).Should().Be(expected);

    [Theory]
    [InlineData(1, 1, true)]
    [InlineData(32_768, 32_768, true)]
    [InlineData(0, 1, false)]
    [InlineData(2, 1, false)]
    [InlineData(1, 32_769, false)]
    public void ProblemWithParallelism_Numbers_NamesAProblem(int parallelism, int maxParallelism, bool isFine) =>
        (MetadataRules.ProblemWithParallelism(parallelism, maxParallelism) is null).Should().Be(isFine);

    [Theory]
    [InlineData(new[] { 0, 1, 2 }, null)]
    [InlineData(new[] { 2, 0, 1 }, null)]
    [InlineData(new int[0], null)]
    [InlineData(new[] { 0, 0 }, "subtask 0 twice")]
    [InlineData(new[] { 2, 0, 1, 2 }, "subtask 2 twice")]
    [InlineData(new[] { 0, 3 }, "subtask 3 of 3")]
    [InlineData(new[] { -1 }, "subtask -1 of 3")]
    public void FindBadSubtask_Indices_NamesTheBadOne(int[] indices, string? expected) =>
        MetadataRules.FindBadSubtask([.. indices.Select(static index =>
            new SubtaskCheckpoint(index))], 3).Should().Be(expected);
}
