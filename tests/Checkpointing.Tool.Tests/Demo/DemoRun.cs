using Checkpointing.Tool.Demo;

namespace Checkpointing.Tool.Tests.Demo;

/// <summary>Runs of the demo in this process.</summary>
internal static class DemoRun
{
    /// <summary>The default options, in a folder.</summary>
    public static DemoOptions OptionsIn(TemporaryFolder folder) => new()
    {
        Input = ExpectedFlights.InputPath,
        Folder = folder.Path,
        Output = folder["daily.csv"],
    };

    /// <summary>Runs to the end.</summary>
    public static Task<DemoReport> RunAsync(DemoOptions options) =>
        new DemoRunner(options, new JsonDemoView(TextWriter.Null)).RunAsync(TestContext.Current.CancellationToken);

    /// <summary>Fails unless state and output are those of a run without checkpoints.</summary>
    public static void ShouldBeRight(DemoReport report, int replays = 1)
    {
        var expected = ExpectedFlights.Of(ExpectedFlights.InputPath, replays);
        report.Events.Should().Be(20_000L * replays);
        report.Origins.Should().Equal(expected.Origins);
        ExpectedFlights.SortedRowsOf(report.Output).Should().Equal(expected.SortedRows);
        report.Windows.Should().Be(expected.SortedRows.Count);
    }
}
