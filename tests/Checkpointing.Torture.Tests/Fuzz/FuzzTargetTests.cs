using System.Text.Json;
using Checkpointing.Torture.Fuzz;

namespace Checkpointing.Torture.Tests.Fuzz;

public sealed class FuzzTargetTests
{
    [Theory]
    [InlineData("canonical")]
    [InlineData("zookeeper")]
    public void Run_ManyInputs_AreReadOrRefusedByTheOneException(string name)
    {
        const int Inputs = 10_000;
        var target = FuzzCommand.TargetOf(name);
        var report = new FuzzEngine(20_261, target.Load(0), target).Run(0, Inputs);

        report.Failures.Should().BeEmpty();
        var counters = JsonDocument.Parse(report.ToJson()).RootElement.GetProperty("counters");
        counters.GetProperty("inputs").GetInt64().Should().Be(Inputs);
        counters.GetProperty("accepted").GetInt64().Should().BeGreaterThan(Inputs / 50, "some get through all checks");
        counters.GetProperty("corrupt").GetInt64().Should().BeGreaterThan(Inputs / 50);
        foreach (var mutator in target.Mutators)
        {
            counters.GetProperty($"mutator.{mutator.Name}").GetInt64().Should().BePositive();
        }
    }

    [Theory]
    [InlineData("canonical")]
    [InlineData("zookeeper")]
    public void Load_TheCorpus_IsRight(string name)
    {
        var target = FuzzCommand.TargetOf(name);

        target.Load(0).Seeds.Should().NotBeEmpty().And.AllSatisfy(
            seed => target.Check(seed.Bytes).Outcome.Should().Be(FuzzOutcome.Accepted, seed.Name));
    }

    [Fact]
    public void ReplayOf_AnotherTarget_NamesIt() =>
        FuzzEngine.ReplayOf(7, 12, "canonical").Should().EndWith("-- fuzz --target canonical --replay 7:12");
}
