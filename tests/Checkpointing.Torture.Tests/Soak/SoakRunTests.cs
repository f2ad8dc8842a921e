using System.Text.Json;
using Checkpointing.Torture.Soak;

namespace Checkpointing.Torture.Tests.Soak;

[Collection(WholeProcess.Name)]
public sealed class SoakRunTests
{
    private static readonly ProcessSample s_flat = new(2_000_000, 9_000_000, 90, 20, 50, 1_000_000);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RunAsync_ManyCheckpoints_HoldsNoMoreFilesThanAFew(bool isHeap)
    {
        var report = await new SoakRun(Checkpoints: 300, WarmUp: 100, Seed: 1, isHeap).RunAsync();

        // Slopes of memory need thousands of checkpoints on a quiet machine; 200 that each left one file are seen here.
        var counters = JsonDocument.Parse(report.ToJson()).RootElement.GetProperty("counters");
        Growth("openFiles").Should().BeLessThan(60);
        Growth("filesOnDisk").Should().BeLessThan(100);
        report.Failures.Should().NotContain(failure => failure.What.Contains("restored"), "the state is as written");

        long Growth(string name) =>
            counters.GetProperty($"{name}.most").GetInt64() - counters.GetProperty($"{name}.first").GetInt64();
    }

    [Fact]
    public void Report_WhatGrows_IsAFailureThatNamesIt()
    {
        var run = new SoakRun(10_000, 1_000, 1, IsHeap: false);
        Failures(static i => s_flat with { ManagedBytes = s_flat.ManagedBytes + i % 7 * 100_000 }).Should()
            .BeEmpty("a saw is flat");
        Failures(static i => s_flat with { ManagedBytes = s_flat.ManagedBytes + 120 * i }).Should()
            .ContainSingle().Which.Should().StartWith("managedBytes grow by 120");
        Failures(static i => s_flat with { NativeBytes = s_flat.NativeBytes + 101 * i }).Should()
            .ContainSingle().Which.Should().StartWith("nativeBytes");
        Failures(static i => s_flat with { OpenFiles = s_flat.OpenFiles + i / 1_000 }).Should()
            .ContainSingle().Which.Should().StartWith("openFiles");
        Failures(static i => s_flat with { FilesOnDisk = s_flat.FilesOnDisk + i / 2_000 }).Should()
            .ContainSingle().Which.Should().StartWith("filesOnDisk");

        IEnumerable<string> Failures(Func<int, ProcessSample> at)
        {
            var report = new TortureReport("soak", 1);
            run.Report(report, [.. Enumerable.Range(20, 181).Select(i => (i * 50, at(i * 50)))], [1, 2, 3]);
            return report.Failures.Select(static failure => failure.What);
        }
    }

    [Fact]
    public void Slope_LineWithPointsOutOfLine_IsTheLines()
    {
        double[] positions = [.. Enumerable.Range(0, 50).Select(static i => (double)i)];
        double[] values = [.. positions.Select(static x => x % 10 == 3 ? 1e6 : 5 + 2 * x)];
        Trend.Slope(positions, values).Should().BeApproximately(2, 1e-9);
    }
}
