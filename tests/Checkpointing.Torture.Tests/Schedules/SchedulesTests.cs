using System.Text.Json;

namespace Checkpointing.Torture.Tests.Schedules;

// Half of the schedules are chosen by chance, half by changing priorities; a bug on purpose proves that they are.
public sealed class SchedulesTests
{
    [Theory]
    [InlineData("registry")]
    [InlineData("add-and-subsume")]
    [InlineData("abort-and-complete")]
    [InlineData("close-and-upload")]
    [InlineData("claim-and-sweep")]
    [InlineData("take-over-and-commit")]
    public void Schedules_OfOneHarness_Pass(string harness)
    {
        var output = new StringWriter { NewLine = "\n" };
        var exitCode = TortureCommandLine.Run(
            ["schedules", "--schedules", "50", "--seed", "1", "--harness", harness, "--json"], output);

        var report = JsonDocument.Parse(output.ToString()).RootElement;
        report.GetProperty("failures").EnumerateArray().Should().BeEmpty();
        report.GetProperty("counters").GetProperty(harness).GetInt32().Should().Be(50);
        exitCode.Should().Be(0);
    }
}
