using Checkpointing.Inspection;
using Checkpointing.Metadata;

namespace Checkpointing.Tests.Inspection;

public sealed class ForgetPolicyTests
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(1, null, null, "3.5")]
    [InlineData(2, null, null, "3,3.5")]
    [InlineData(0, null, null, "3.5")]
    [InlineData(null, 2, null, "2.5,3.5")]
    [InlineData(null, null, 2, "3.5")]
    [InlineData(1, 3, null, "1.5,2.5,3.5")]
    public void Decide_ByTime_KeepsTheNewestOfEachSlot(int? last, int? hourly, int? daily, string kept)
    {
        var policy = new ForgetPolicy { KeepLast = last, KeepHourly = hourly, KeepDaily = daily };

        KeptHours(policy.Decide([.. Hours(1, 1.5, 2, 2.5, 3, 3.5)])).Should().Be(kept);
    }

    [Fact]
    public void Decide_Daily_CountsDaysThatHaveOne()
    {
        var policy = new ForgetPolicy { KeepDaily = 2 };

        KeptHours(policy.Decide([.. Hours(1, 2, 73, 74, 200)])).Should().Be("74,200");
    }

    [Fact]
    public void Decide_Tag_KeepsTheTagged()
    {
        var retained = Hours(1, 2, 3).Select((one, i) => one with { Tags = i == 0 ? ["release"] : [] }).ToList();

        KeptHours(new ForgetPolicy { KeepTags = ["release"] }.Decide(retained)).Should().Be("1,3");
    }

    [Fact]
    public void Decide_Unreadable_IsKeptUnlessNamed()
    {
        var retained = Hours(1, 2, 3).ToList();
        retained[0] = retained[0] with { Problem = new CheckpointCorruptException("x", 0, "a", "b") };

        new ForgetPolicy { KeepLast = 1 }.Decide(retained).Select(static one => one.IsKept).Should()
            .Equal(true, false, true);
        new ForgetPolicy { Unreadable = [new(0)] }.Decide(retained).Select(static one => one.IsKept).Should()
            .Equal(false, true, true);
    }

    [Fact]
    public void Decide_NewestUnreadable_KeepsTheNewestThatCanBeRead()
    {
        var retained = Hours(1, 2, 3).ToList();
        retained[2] = retained[2] with { Problem = new CheckpointCorruptException("x", 0, "a", "b") };

        new ForgetPolicy { KeepLast = 0, Unreadable = [new(2)] }.Decide(retained)
            .Select(static one => one.IsKept).Should().Equal(false, true, false);
    }

    [Theory]
    [InlineData(1, "can be read")]
    [InlineData(7, "lists no checkpoint 7")]
    public void Decide_UnreadableThatIsNone_IsRefused(long id, string sentence)
    {
        var decide = () => new ForgetPolicy { Unreadable = [new(id)] }.Decide([.. Hours(1, 2, 3)]);

        decide.Should().Throw<ArgumentException>().WithMessage($"*{sentence}*");
    }

    [Fact]
    public void Decide_NoRule_IsRefused()
    {
        var decide = () => new ForgetPolicy().Decide([.. Hours(1)]);

        decide.Should().Throw<ArgumentException>().WithMessage("Say what to keep*");
    }

    private static string KeptHours(IEnumerable<ForgetDecision> decisions) => string.Join(
        ',', decisions.Where(static one => one.IsKept)
            .Select(static one => (one.Checkpoint.TriggeredAt!.Value - s_start).TotalHours));

    private static IEnumerable<StoredCheckpoint> Hours(params double[] hours) => hours.Select((hour, i) =>
        new StoredCheckpoint($"job/chk-{i}", StoredCheckpointStatus.Retained)
        {
            Id = new(i),
            Metadata = new(new(i), [], [])
            {
                Info = new CheckpointInfo(
                    "job", Guid.Empty, Guid.Empty, 1, new(CheckpointKind.Checkpoint, CheckpointRetention.Always),
                    s_start + TimeSpan.FromHours(hour), s_start + TimeSpan.FromHours(hour), []),
            },
        });
}
