using Checkpointing.Torture.ExactlyOnce;

namespace Checkpointing.Torture.Tests.ExactlyOnce;

/// <summary>Exactly once under fire: jobs over flights and over made records, on RocksDB and on the heap, whose
/// operators
/// throw and stall, whose checkpoints are declined and expire, whose storage fails and whose process is
/// killed.</summary>
[Collection(WholeProcess.Name)]
public sealed class ExactlyOnceTests
{
    private const int FirstSeed = 1;

    [Fact]
    public async Task RunAsync_TwentyJobsUnderFire_OutputIsThatOfARunWithoutFailure()
    {
        var report = await FireRun.RunAsync(FirstSeed, ExactlyOnceCommand.RunsWithAllKinds, demandsAllKinds: true);

        TestContext.Current.TestOutputHelper?.WriteLine(report.ToJson());
        report.Failures.Should().BeEmpty();
    }

    // The lives of a run are processes, which make the plan anew: they looked for flights that were not there.
    [Fact]
    public void WithInputThatIsThere_NoFlights_IsTheSameOverMadeRecords()
    {
        var plan = FirePlan.Of(0);

        plan.Input.Should().Be(FireInputKind.Flights);
        plan.WithInputThatIsThere(hasFlights: true).Should().BeSameAs(plan);
        plan.WithInputThatIsThere(hasFlights: false).Should().Be(plan with { Input = FireInputKind.Generated });
    }

    [Fact]
    public void FirePlan_SameSeed_IsTheSamePlan()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            FirePlan.Of(seed).Should().BeEquivalentTo(FirePlan.Of(seed));
        }
    }
}
