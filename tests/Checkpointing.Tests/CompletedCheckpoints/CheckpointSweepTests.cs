using Checkpointing.CompletedCheckpoints;

namespace Checkpointing.Tests.CompletedCheckpoints;

/// <summary>Of each file in a job's folder, whether a sweep takes it. The job is "job", its epoch 5, which began with
/// checkpoint 20.</summary>
public sealed class CheckpointSweepTests
{
    private const string Unique = "0123456789abcdef0123456789abcdef";

    private static readonly RegisterRecord s_record = TestRecord.Of("job");

    [Theory]
    [InlineData($"job/shared/b/0-3/4-0-{Unique}", true, "an older epoch made it")]
    [InlineData($"job/shared/b/0-3/4-7-{Unique}", true, "whatever the attempt")]
    [InlineData($"job/shared/4-0-{Unique}", true, "wherever it lies below")]
    [InlineData($"job/shared/b/0-3/5-0-{Unique}", false, "the living coordinator looks after it")]
    [InlineData($"job/shared/b/0-3/6-0-{Unique}", false, "a newer epoch made it")]
    [InlineData("job/shared/b/0-3/000012.sst", false, "that is no name of ours")]
    [InlineData($"job/shared/b/0-3/4-{Unique}", false, "that is no name of ours")]
    [InlineData("job/shared/b/_metadata", false, "metadata is not shared")]
    [InlineData($"job/chk-19/4-0-{Unique}", true, "an older epoch made it")]
    [InlineData($"job/chk-25/4-0-{Unique}", true, "the id is of this epoch, the file is not")]
    [InlineData($"job/chk-19/5-0-{Unique}", false, "the living coordinator looks after it")]
    [InlineData("job/chk-19/_metadata", true, "its id is older than the epoch")]
    [InlineData("job/chk-20/_metadata", false, "its id is the first of the epoch")]
    [InlineData("job/chk-21/_metadata", false, "its id is of the epoch")]
    [InlineData("job/chk-19/notes.txt", false, "that is no name of ours")]
    [InlineData($"job/chk-x/4-0-{Unique}", false, "that is no folder of ours")]
    [InlineData("job/chk-x/_metadata", false, "that is no folder of ours")]
    [InlineData($"job/savepoint-1/4-0-{Unique}", false, "somebody has put a savepoint there")]
    [InlineData("job/savepoint-1/_metadata", false, "somebody has put a savepoint there")]
    [InlineData($"job/backups/chk-19/4-0-{Unique}", false, "somebody has put a copy there")]
    [InlineData("job/backups/chk-19/_metadata", false, "somebody has put a copy there")]
    [InlineData($"job/chk-19/pins/{Unique}", false, "pins are looked at one by one")]
    [InlineData($"job/statistics/4-0-{Unique}", false, "nobody needs statistics")]
    [InlineData("job/register/0000000001", false, "that is the register")]
    [InlineData($"job2/shared/b/0-3/4-0-{Unique}", false, "that is another job's")]
    [InlineData("job2/chk-19/_metadata", false, "that is another job's")]
    public void FindOrphans_NothingReachesIt_GoesIfAnOlderEpochMadeIt(string file, bool goes, string why)
    {
        string[] expected = goes ? [file] : [];
        CheckpointSweep.FindOrphans("job", [file], s_record, new HashSet<string>()).Should().Equal(expected, why);
        CheckpointSweep.FindOrphans("job", [file], s_record, new HashSet<string> { file }).Should()
            .BeEmpty("a checkpoint needs it");
    }

    [Fact]
    public void FindOrphans_Several_MetadataFirstThenByPath()
    {
        var files = new[]
        {
            $"job/shared/b/4-0-{Unique}", "job/chk-12/_metadata", $"job/chk-1/4-1-{Unique}", "job/chk-1/_metadata",
            $"job/chk-1/4-0-{Unique}",
        };

        CheckpointSweep.FindOrphans("job", files, s_record, new HashSet<string>()).Should().Equal(
            "job/chk-1/_metadata", "job/chk-12/_metadata", $"job/chk-1/4-0-{Unique}", $"job/chk-1/4-1-{Unique}",
            $"job/shared/b/4-0-{Unique}");
    }
}
