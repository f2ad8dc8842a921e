using Checkpointing.StateHandles;
using Checkpointing.Statistics;
using CsCheck;

namespace Checkpointing.Tests.Statistics;

public sealed class CheckpointPhasesTests
{
    [Fact]
    public void Phases_TwoSubtasks_AreThoseOfTheLastAndWhatCameAfterIt()
    {
        var report = StatisticsSamples.Completed(1) with
        {
            Duration = Ms(100),
            SubtaskCount = 2,
            Subtasks =
            [
                new("totals", 1, Ms(70), new(Ms(5), Ms(10), Ms(2), Ms(40)), 1, default),
                new("totals", 0, Ms(30), new(Ms(1), Ms(2), Ms(3), Ms(20)), 1, default),
            ],
        };

        report.Phases.Should().Be(
            new CheckpointPhases("totals[1]", Ms(5), Ms(10), Ms(2), Ms(40), Reporting: Ms(13), Committing: Ms(30)));
    }

    [Fact]
    public void Phases_DetailsAreNotKeptOrItDidNotComplete_AreNotKnown()
    {
        (StatisticsSamples.Completed(1, subtasks: 1) with { SubtaskCount = 2 }).Phases.Should().BeNull();
        (StatisticsSamples.Completed(1, subtasks: 1) with { Outcome = CheckpointOutcome.Failed }).Phases.Should()
            .BeNull();
        StatisticsSamples.Completed(1).Phases.Should().BeNull("it has no subtask");
        StatisticsSamples.Completed(1, subtasks: 1).Phases.Should().NotBeNull();
    }

    // Clocks of two machines may disagree by any time.
    [Fact]
    public void Phases_AnyTimes_AreNotNegativeAndAddUpToTheDuration() =>
        StatisticsSamples.Report.Sample(static report =>
        {
            var wild = report with { Outcome = CheckpointOutcome.Completed, SubtaskCount = report.Subtasks.Count };
            if (wild.Phases is { } phases)
            {
                new[]
                {
                    phases.StartDelay, phases.Alignment, phases.Synchronous, phases.Asynchronous, phases.Reporting,
                    phases.Committing,
                }.Should().OnlyContain(static part => part >= TimeSpan.Zero);
                phases.Total.Should().Be(wild.Duration);
            }
            else
            {
                wild.Subtasks.Should().BeEmpty();
            }
        });

    private static TimeSpan Ms(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
}
