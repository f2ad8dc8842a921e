using System.Text.Json;
using Checkpointing.Torture.SingleFaults;

namespace Checkpointing.Torture.Tests.SingleFaults;

[Collection(WholeProcess.Name)]
public sealed class FaultsRunTests
{
    // Every 40th operation of all scenarios over both media, with each fault, once and for ever: about 10 s.
    private const int Stride = 40;

    public static TheoryData<string> Found =>
    [
        // The register's folder could not be synced, and the record that was read back was taken for durable.
        "files/incremental/29:Denied",
        "files/incremental/29:DeviceError:ever",
        "files/incremental/29:TimedOut",
    ];

    [Fact]
    public void RunAll_Sample_FailsTypedAndLosesNothing()
    {
        var report = FaultsRun.RunAll(stride: Stride, offset: 7);

        report.Failures.Should().BeEmpty();
        var counters = JsonDocument.Parse(report.ToJson()).RootElement.GetProperty("counters");
        counters.GetProperty("cases").GetInt32().Should().BeGreaterThan(300);
        counters.GetProperty("calls that failed with a typed exception").GetInt32().Should().BeGreaterThan(100);
        counters.GetProperty("processes that had to be replaced").GetInt32().Should().BePositive();
    }

    [Fact]
    public void RunPairs_Sample_FailsTypedAndLosesNothing() =>
        FaultsRun.RunPairs(count: 60, seed: 1).Failures.Should().BeEmpty();

    [Theory]
    [MemberData(nameof(Found))]
    public void Replay_FoundBefore_Passes(string one) =>
        FaultsRun.Replay(FaultCase.Parse(one)).Failures.Should().BeEmpty();
}
