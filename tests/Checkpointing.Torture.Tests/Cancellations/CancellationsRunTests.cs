using System.Text.Json;
using Checkpointing.Torture.Cancellations;

namespace Checkpointing.Torture.Tests.Cancellations;

[Collection(WholeProcess.Name)]
public sealed class CancellationsRunTests
{
    // All of them are run by tests/run in a Release build; here a sample of a Debug build, which checks its invariants.
    private const int Stride = 30;

    [Fact]
    public void RunAll_Sample_EveryCallEndsAndNothingIsLost()
    {
        var report = CancellationsRun.RunAll(stride: Stride, offset: 3);

        report.Failures.Should().BeEmpty();
        var counters = JsonDocument.Parse(report.ToJson()).RootElement.GetProperty("counters");
        counters.GetProperty("cases").GetInt32().Should().BeGreaterThan(50);
        counters.GetProperty("calls that were cancelled").GetInt32().Should().BePositive();
        counters.GetProperty("processes that went on").GetInt32().Should().BePositive();
    }

    [Theory]
    [InlineData("files/claim/3")]
    [InlineData("memory/scale-out/17:late")]
    public void CancellationCase_WrittenAndRead_IsTheSame(string text) =>
        CancellationCase.Parse(text).ToString().Should().Be(text);

    [Theory]
    [InlineData("files/claim")]
    [InlineData("files/claim/3:soon")]
    public void CancellationCase_OtherText_IsRefused(string text) =>
        FluentActions.Invoking(() => CancellationCase.Parse(text)).Should().Throw<ArgumentException>();
}
