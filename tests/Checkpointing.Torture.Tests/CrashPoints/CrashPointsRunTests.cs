using System.Text.Json;
using Checkpointing.Torture.CrashPoints;

namespace Checkpointing.Torture.Tests.CrashPoints;

public sealed class CrashPointsRunTests
{
    // All of them are run by tests/run in a Release build; here a sample of a Debug build, which checks its invariants.
    private const int Stride = 48;

    public static TheoryData<string> Found =>
    [
        // What a claimed job's processes had left, or the claiming one before it died, stayed in the claimed folder.
        "files/claim/1/UnsyncedLost",
        "files/claim/100/NothingLost",
        "memory/claim/60/UnsyncedReordered",
    ];

    [Fact]
    public void RunAll_Sample_RecoversFromEveryCrash()
    {
        var report = CrashPointsRun.RunAll(stride: Stride, offset: 5);

        report.Failures.Should().BeEmpty();
        Counter(report, "crash points").Should().BeGreaterThan(150);
    }

    [Fact]
    public void RunTwoDeep_Sample_RecoversFromACrashDuringRecovery()
    {
        var report = CrashPointsRun.RunTwoDeep(count: 60, seed: 1);

        report.Failures.Should().BeEmpty();
        Counter(report, "two-deep crash points").Should().Be(60);
    }

    [Theory]
    [MemberData(nameof(Found))]
    public void Replay_FoundBefore_Passes(string point) =>
        CrashPointsRun.Replay(CrashPoint.Parse(point)).Failures.Should().BeEmpty();

    [Fact]
    public void CrashPoint_WrittenAndRead_IsTheSame()
    {
        var point = CrashPoint.Parse("files/claim/3/TornPrefix/7/UnsyncedLost");

        CrashPoint.Parse(point.ToString()).Should().Be(point);
        point.Second.Should().Be(7);
    }

    private static int Counter(TortureReport report, string name) =>
        JsonDocument.Parse(report.ToJson()).RootElement.GetProperty("counters").GetProperty(name).GetInt32();
}
