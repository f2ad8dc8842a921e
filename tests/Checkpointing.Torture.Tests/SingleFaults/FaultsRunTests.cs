using System.Text.Json;
using Checkpointing.Storage;
using Checkpointing.Testing.Faults;
using Checkpointing.Torture.CrashPoints;
using Checkpointing.Torture.SingleFaults;

namespace Checkpointing.Torture.Tests.SingleFaults;

[Collection(WholeProcess.Name)]
public sealed class FaultsRunTests
{
    // All of them are run by tests/run in a Release build; here a sample of a Debug build, which checks its invariants.
    private const int Stride = 120;

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
        counters.GetProperty("cases").GetInt32().Should().BeGreaterThan(100);
        counters.GetProperty("calls that failed with a typed exception").GetInt32().Should().BeGreaterThan(50);
        counters.GetProperty("processes that went on").GetInt32().Should().BePositive();
    }

    [Fact]
    public void RunPairs_Sample_FailsTypedAndLosesNothing() =>
        FaultsRun.RunPairs(count: 60, seed: 1).Failures.Should().BeEmpty();

    // Only a reader of parts of a file depends on the digests within it: of a whole file the handle has one. Without
    // this the loss of that check was found by nothing.
    [Fact]
    public void LogOf_ScaleOut_HasPartsOfFullSnapshotsRead()
    {
        var scenario = Scenario.All.Single(static one => one.Name == "scale-out");

        var opened = FaultsRun.LogOf(CrashPoint.InMemory, scenario)
            .Where(static operation => operation.Kind == StorageOperationKind.OpenRead
                && operation.Path.Contains("/chk-", StringComparison.Ordinal)
                && !operation.Path.EndsWith(CheckpointLayout.MetadataName, StringComparison.Ordinal))
            .GroupBy(static operation => operation.Path).Where(static file => file.Count() > 2);

        opened.Should().NotBeEmpty("of the two that read a file one begins in the middle, and opens it again there");
    }

    [Theory]
    [MemberData(nameof(Found))]
    public void Replay_FoundBefore_Passes(string one) =>
        FaultsRun.Replay(FaultCase.Parse(one)).Failures.Should().BeEmpty();
}
